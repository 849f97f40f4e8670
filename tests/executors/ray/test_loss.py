"""What is lost, how that is said, and that nothing is left behind."""

import asyncio
import os
import shutil
import signal
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

import understudy
from tests.executors.contract import NONE, NewJob, begun, run
from tests.executors.processes import children, gone, group, parent, until
from tests.executors.ray.cluster import BIG, Cluster
from tests.executors.ray.conftest import QUICK
from tests.tasks.house import house
from understudy.errors import ConfigurationError, EngineUnavailable, ReplicaLost
from understudy.executors.executor import Loading, Started
from understudy.executors.ray.executor import RayExecutor
from understudy.testing.trouble import engine as trouble


@pytest_asyncio.fixture(loop_scope="module")
async def own(cluster: Cluster) -> AsyncIterator[RayExecutor]:
    """An executor with a driver of its own."""
    executor = RayExecutor(cluster.address, QUICK)
    yield executor
    await executor.close()


async def test_a_node(cluster: Cluster, fresh: RayExecutor, job: NewJob) -> None:
    node = cluster.add(gpus=12)
    task = await begun(fresh, job("[children]"), {"gpus": 12})
    (replica,) = fresh.replicas()
    members = [parent(replica.pid), *group(replica.pid)]
    assert len(members) == 4  # the actor; the replica, its guard and its child
    began = time.monotonic()
    cluster.lose(node)
    with pytest.raises(ReplicaLost, match=r"engine trouble was lost: Ray on its node ended"):
        await task
    assert time.monotonic() - began < 3
    assert await gone(*members)
    assert Started() in await run(fresh, job("[garbage]"), BIG)


async def test_an_actor(fresh: RayExecutor, job: NewJob) -> None:
    task = await begun(fresh, job("[children]"), BIG)
    (replica,) = fresh.replicas()
    members = group(replica.pid)
    os.kill(parent(replica.pid), signal.SIGKILL)
    with pytest.raises(ReplicaLost, match=rf"replica of engine trouble on node {replica.node} was lost"):
        await task
    assert await gone(*members)
    assert await run(fresh, job("[garbage]"), BIG) == [Loading(), Started()]
    (idle,) = fresh.replicas()
    os.kill(parent(idle.pid), signal.SIGKILL)
    await until(lambda: not fresh.replicas())
    assert await run(fresh, job("[garbage]"), BIG) == [Loading(), Started()]


def drivers() -> list[int]:
    """Those of this process: the tests that share a connection have one, too."""
    return [
        pid for pid in children(os.getpid()) if b"ray.driver" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]


async def test_a_driver(own: RayExecutor, job: NewJob) -> None:
    before = drivers()
    task = await begun(own, job("[children]"), BIG)
    (replica,) = own.replicas()
    members = [parent(replica.pid), *group(replica.pid)]
    (driver,) = (pid for pid in drivers() if pid not in before)
    os.kill(driver, signal.SIGKILL)
    with pytest.raises(ReplicaLost, match="The process that talks to Ray"):
        await task
    assert await gone(*members, within=5)
    assert await run(own, job("[garbage]"), BIG) == [Loading(), Started()]


async def test_a_server_that_is_killed_leaves_nothing(cluster: Cluster, tmp_path: Path) -> None:
    server = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", SERVER, cluster.address, str(tmp_path)), stdout=asyncio.subprocess.PIPE
    )
    assert server.stdout is not None
    try:
        pid = int(await asyncio.wait_for(server.stdout.readline(), 60))
        members = [parent(pid), *group(pid), *children(server.pid)]
        assert len(members) == 5  # with the driver
    finally:
        server.kill()
        await server.wait()
    assert await gone(*members, within=5)


SERVER = """
import asyncio, sys
from understudy.engines.engine import Job
from understudy.executors.executor import Started
from understudy.executors.ray.executor import RayExecutor
from understudy.testing.trouble import engine

async def main():
    address, folder = sys.argv[1:]
    executor = RayExecutor(address)
    job = Job(id="1", model="a/b", values={"prompt": "[children]"}, files={}, seed=1, folder=folder)
    began = asyncio.Event()
    task = asyncio.create_task(
        executor.run(engine, {"cpus": 2}, job, lambda event: began.set() if isinstance(event, Started) else None)
    )
    await began.wait()
    await asyncio.sleep(0.3)
    print(executor.replicas()[0].pid, flush=True)
    await asyncio.sleep(3600)

asyncio.run(main())
"""


@pytest.mark.timeout(240)  # two clusters are started
async def test_a_whole_cluster_and_it_comes_back(job: NewJob) -> None:
    with Cluster() as first:
        first.add(cpus=2)
        executor = RayExecutor(first.address, QUICK)
        task = await begun(executor, job("[hang]"))
        (replica,) = executor.replicas()
        for pid in (first.gcs, first.raylet):
            os.kill(pid, signal.SIGKILL)
        with pytest.raises(ReplicaLost, match="Ray's process on this machine, the raylet, ended"):
            await task
        with pytest.raises(EngineUnavailable, match=f"Ray cannot be reached at {first.address}"):
            await run(executor, job("[garbage]"))
    assert await gone(replica.pid)
    with Cluster(port=int(first.address.rpartition(":")[2])) as second:
        second.add(cpus=2)
        assert Started() in await run(executor, job("[garbage]"))
        await executor.close()


async def test_another_version_on_a_node(
    cluster: Cluster, fresh: RayExecutor, job: NewJob, tmp_path: Path
) -> None:
    package = Path(understudy.__file__).parent
    shutil.copytree(package, tmp_path / "understudy", ignore=shutil.ignore_patterns("__pycache__"))
    init = tmp_path / "understudy" / "__init__.py"
    init.write_text(init.read_text().replace(f'"{understudy.__version__}"', '"0.0.1"'))
    node = cluster.add(gpus=15, environment={"PYTHONPATH": str(tmp_path)})
    with pytest.raises(
        EngineUnavailable, match=rf"Understudy 0\.0\.1, and this server is {understudy.__version__}"
    ):
        await run(fresh, job("[garbage]"), {"gpus": 15})
    assert [replica for replica in fresh.replicas() if replica.pid] == []
    cluster.remove(node)


async def test_what_no_node_has(fresh: RayExecutor, job: NewJob) -> None:
    with pytest.raises(EngineUnavailable, match=r"needs 100 GPUs, 1 CPU on one node .* up to \d GPUs"):
        await run(fresh, job("[garbage]"), {"gpus": 100})
    assert fresh.capacity(trouble, {"gpus": 100}) == 1


async def test_tasks_wait_for_a_cluster_that_is_away(tmp_path: Path) -> None:
    executor = RayExecutor("127.0.0.1:1", QUICK)
    executor.connect()
    async with house(tmp_path, executor=executor) as at:
        task = await at.submit("[garbage]")
        async with asyncio.timeout(20):
            while not executor.away:
                await asyncio.sleep(0.05)
            # One that was taken up before that was known goes back.
            while (before := await at.desk.find(at.project, id=str(task.id))).status != "task_queue":
                await asyncio.sleep(0.05)
        assert before.attempts <= 1
        other = await at.submit("[garbage]")
        await asyncio.sleep(1.0)
        assert await at.desk.find(at.project, id=str(task.id)) == before
        assert (await at.desk.find(at.project, id=str(other.id))).attempts == 0
    await executor.close()


async def test_a_cluster_that_is_not_there(job: NewJob, caplog: pytest.LogCaptureFixture) -> None:
    executor = RayExecutor("127.0.0.1:1", QUICK)
    for _ in range(2):
        with pytest.raises(EngineUnavailable, match=r"Ray cannot be reached at 127\.0\.0\.1:1: .*refused"):
            await executor.run(trouble, NONE, job(), lambda _: None)
    assert executor.away.startswith("Ray cannot be reached")
    (said,) = [record.message for record in caplog.records if record.name.endswith("ray.reach")]
    assert said.startswith("no engine can play on Ray now: Ray cannot be reached at 127.0.0.1:1")
    await executor.close()
    with pytest.raises(ReplicaLost):
        await executor.run(trouble, NONE, job(), lambda _: None)


def test_an_address_of_rays_client() -> None:
    with pytest.raises(ConfigurationError, match="must be HOST:PORT"):
        RayExecutor("ray://head:10001")


async def test_a_close_while_it_connects(job: NewJob) -> None:
    executor = RayExecutor("auto", QUICK)
    task = asyncio.create_task(executor.run(trouble, NONE, job(), lambda _: None))
    await asyncio.sleep(0.05)
    await executor.close()
    with pytest.raises(ReplicaLost):
        await asyncio.wait_for(task, 1)
