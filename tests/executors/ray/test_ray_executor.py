"""The contract, on a cluster."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.executors.contract import ExecutorContract
from tests.executors.ray.cluster import Cluster
from tests.executors.ray.conftest import QUICK
from understudy.executors.ray.executor import RayExecutor
from understudy.executors.ray.rooms import Rooms

NEEDS_A_FRESH_ONE = {
    "test_a_run_ends_with_a_file_in_its_folder",
    "test_files_that_are_here_take_no_replicas_time",
    "test_a_loaded_replica_is_used_again",
    "test_what_is_printed_while_loading_is_heard",
    "test_a_failed_load_says_why",
    "test_a_missing_package_makes_it_unavailable",
    "test_as_many_at_once_as_the_operator_says",
    "test_what_has_nothing_to_do_is_unloaded_when_it_is_told_so",
    "test_a_job_that_comes_while_all_are_unloaded_has_one_started",
    "test_closing_ends_what_runs_and_what_waits",
}
"""The others work on an executor that has a loaded replica, too: starting one takes a second."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def used(cluster: Cluster, rooms: Rooms) -> AsyncIterator[RayExecutor]:
    executor = RayExecutor(cluster.address, QUICK, rooms=rooms)
    yield executor
    await executor.close()


@pytest.fixture
def executor(request: pytest.FixtureRequest) -> RayExecutor:
    needs_a_fresh_one = request.function.__name__ in NEEDS_A_FRESH_ONE
    found = request.getfixturevalue("fresh" if needs_a_fresh_one else "used")
    assert isinstance(found, RayExecutor)
    return found


class TestRayExecutor(ExecutorContract):
    """The contract."""
