"""One cluster for each worker that runs tests of this folder, and one event loop for each module: connecting takes a second."""

import inspect
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

pytest.importorskip("ray")

from tests.executors.ray.cluster import Cluster
from understudy.executors.ray.executor import RayExecutor
from understudy.executors.ray.rooms import Rooms
from understudy.executors.ray.timings import RayTimings

QUICK = RayTimings(backoff_first=0.01, stop_grace=0.5, patience=0.3, crowded=0.2, absence=3.0)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        ours = isinstance(item, pytest.Function) and item.path.is_relative_to(Path(__file__).parent)
        if ours and inspect.iscoroutinefunction(item.function):  # type: ignore[attr-defined]
            item.add_marker(pytest.mark.asyncio(loop_scope="module"), append=False)


class Lent(Rooms):
    """Stays connected when an executor is closed."""

    async def close(self) -> None:
        """Not yet."""


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A head, and a node with 4 CPUs and 4 GPUs that are not there."""
    with Cluster() as cluster:
        cluster.add(cpus=4, gpus=4)
        yield cluster


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def rooms(cluster: Cluster) -> AsyncIterator[Rooms]:
    """A connection for all tests of a module."""
    rooms = Lent(cluster.address, QUICK)
    yield rooms
    await Rooms.close(rooms)


@pytest_asyncio.fixture(loop_scope="module")
async def fresh(cluster: Cluster, rooms: Rooms) -> AsyncIterator[RayExecutor]:
    """An executor without replicas."""
    executor = RayExecutor(cluster.address, QUICK, rooms=rooms)
    yield executor
    await executor.close()
