"""From a node that does not see the server's files into a bucket: real Ray, real S3, whole tasks.

The node and the server reach the bucket by ways of their own, whose bytes are counted.
"""

import asyncio
import logging
import os
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from io import BytesIO
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio
from PIL import Image

from tests.executors.processes import parent
from tests.executors.ray.cluster import Cluster
from tests.executors.ray.conftest import QUICK
from tests.files.s3 import ACCESS_KEY, SECRET, s3
from tests.files.storage_contract import listed
from tests.tasks.house import House, house
from understudy.executors.ray.executor import RayExecutor
from understudy.files.bucket import BucketStorage
from understudy.tasks.records import Task
from understudy.testing.proxy import Proxy

MIB = 2**20
THERE = {"gpus": 10}
"""What only the node has that can use the bucket, by a way of its own."""
ELSEWHERE = {"cpus": 5}
"""What only the node has that lacks the secret of its key."""


class Place(msgspec.Struct, frozen=True):
    """A cluster beside a bucket."""

    executor: RayExecutor
    storage: BucketStorage
    bucket: str
    node: Proxy
    server: Proxy

    async def keys(self) -> set[str]:
        return {kept.key for kept in await listed(s3().open(self.bucket))}


@pytest.fixture(scope="module", autouse=True)
def mounts() -> None:
    if subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode:
        pytest.skip("a mount namespace needs root's rights here")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def place(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    bucket = s3().new_bucket()
    async with AsyncExitStack() as stack:
        node, server = [await stack.enter_async_context(Proxy("127.0.0.1", s3().port)) for _ in range(2)]
        environment = {
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": "eu-west-3",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{node.port}",
            "AWS_ALLOW_HTTP": "true",
        }
        lacking = {"AWS_ACCESS_KEY_ID": ACCESS_KEY}
        hidden = tmp_path_factory.getbasetemp()
        for cpus, gpus, given in ((1, 10, environment), (5, 0, lacking)):
            apart = await asyncio.to_thread(
                cluster.add_apart, hidden, gpus=gpus, cpus=cpus, environment=given
            )
            stack.push_async_callback(asyncio.to_thread, cluster.remove_apart, apart)
        executor = RayExecutor(cluster.address, QUICK, storage=f"s3://{bucket}/files")
        stack.push_async_callback(executor.close)
        yield Place(executor, s3().open(bucket, server.port), bucket, node, server)


@pytest_asyncio.fixture(loop_scope="module")
async def at(place: Place, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[House]:
    """A house whose engine plays on that node, or on one that a test names."""
    options: dict[str, object] = getattr(request, "param", THERE)
    await place.storage.delete(await place.keys())
    place.node.carried["to server"] = place.server.carried["to server"] = 0
    async with house(
        tmp_path / "house",
        engine="heavy",
        options=options,
        max_attempts=2,
        more_engines=("tests.executors.ray.heavy:engine",),
        storage=place.storage,
        executor=place.executor,
    ) as at:
        yield at


async def until(true: Callable[[], object], seconds: float = 30) -> None:
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.001)


async def until_all(true: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(30):
        while not await true():
            await asyncio.sleep(0.1)


async def half_stored(place: Place, at: House) -> Task:
    """A task whose clip of 12 MiB is half in the bucket; nothing of it goes on."""
    task = await at.submit("12")
    await until(lambda: place.node.carried["to server"] > 6 * MIB)
    place.node.stall()
    return task


def copied(at: House) -> list[Path]:
    """Files of runs on the server's disk."""
    return [path for path in at.crew.folder.rglob("*") if path.is_file()]


async def delivered(place: Place, at: House, over: Task) -> None:
    """Nothing is missing, nothing is too much."""
    assert (over.pexit, over.reason, over.cost) == ("0", "", "0.250000000000")
    files = await at.store.files_of(over.id)
    assert {(file.role, file.content_type) for file in files} == {
        ("output", "video/mp4"),
        ("thumbnail", "image/jpeg"),
    }
    assert await place.keys() == {file.key for file in files}
    for file in files:
        content = b"".join([piece async for piece in s3().open(place.bucket).stream(file.key)])
        assert len(content) == file.size
        if file.role == "thumbnail":
            assert Image.open(BytesIO(content)).format == "JPEG"
        else:
            assert content[4:8] == b"ftyp"
    assert len(await at.store.ledger(over.project)) == 1


async def test_a_clip_goes_from_the_node_into_the_bucket(place: Place, at: House) -> None:
    task = await half_stored(place, at)
    (replica,) = place.executor.replicas()
    assert (replica.state, replica.job) == ("busy", str(task.id))  # it holds the files
    assert copied(at) == []
    await place.node.forward()
    over = await at.end_of(task)
    await delivered(place, at, over)
    assert place.node.carried["to server"] > 12 * MIB
    assert place.server.carried["to server"] < 20_000
    await until(lambda: not at.dispatcher.running)
    assert [each.state for each in place.executor.replicas()] == ["idle"]
    assert not Path(over.stdout).parent.exists()


async def test_a_bucket_that_is_away_for_three_seconds(place: Place, at: House) -> None:
    task = await half_stored(place, at)
    await asyncio.gather(place.node.refuse(), place.server.refuse())
    await asyncio.sleep(3)
    await asyncio.gather(place.node.forward(), place.server.forward())
    over = await at.end_of(task)
    assert over.attempts == 1
    await delivered(place, at, over)
    assert place.server.carried["to server"] < 20_000


async def test_a_kill_in_the_middle_leaves_nothing_and_the_replica_goes_on(place: Place, at: House) -> None:
    task = await half_stored(place, at)
    began = time.monotonic()
    await at.desk.kill(at.project, id=str(task.id))
    assert (await at.end_of(task)).status == "task_cancel"
    await until(lambda: not at.dispatcher.running)
    assert time.monotonic() - began < 6
    await place.node.forward()
    assert await place.keys() == set()
    assert await at.store.files_of(task.id) == []
    await delivered(place, at, await at.end_of(await at.submit("1")))
    assert place.executor.replicas()[0].runs > 1


async def test_an_actor_that_dies_in_the_middle(
    place: Place, at: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("understudy.tasks.shelf._TIDY_SECONDS", 0.5)
    task = await half_stored(place, at)
    (replica,) = place.executor.replicas()
    os.kill(parent(replica.pid), signal.SIGKILL)
    await place.node.forward()
    over = await at.end_of(task)
    assert over.attempts == 2
    files = {file.key for file in await at.store.files_of(task.id)}

    async def tidied() -> bool:
        return await place.keys() == files

    await until_all(tidied)
    await delivered(place, at, over)


@pytest.mark.parametrize("at", [ELSEWHERE], indirect=True)
async def test_a_node_without_credentials(place: Place, at: House, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(2):
        await place.storage.delete(await place.keys())
        task = await at.submit("2")
        over = await at.end_of(task)
        assert over.pexit == "0"
    assert place.node.carried["to server"] == 0
    assert place.server.carried["to server"] > 4 * MIB
    said = [each.getMessage() for each in caplog.records if each.levelno == logging.WARNING]
    assert len(said) == 1
    assert "cannot store files itself" in said[0]
    assert "AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not. Set what" in said[0]


async def test_a_node_that_is_lost_in_the_middle(
    place: Place, at: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("understudy.tasks.shelf._TIDY_SECONDS", 0.5)
    task = await half_stored(place, at)
    (replica,) = [each for each in place.executor.replicas() if each.job]
    os.kill(parent(parent(replica.pid)), signal.SIGKILL)  # its raylet

    async def tried_again() -> bool:
        return (await at.desk.find(at.project, id=str(task.id))).attempts == 2

    await until_all(tried_again)
    await place.node.forward()
    # Ray counts the node as alive for some 15 s more, and another one as good as this one there is not.
    over = await at.desk.kill(at.project, id=str(task.id))
    assert over.status == "task_cancel"

    async def tidied() -> bool:
        return not await place.keys()

    await until_all(tidied)
    assert await at.store.files_of(task.id) == []
    assert await at.store.ledger(over.project) == []
