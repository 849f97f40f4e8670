"""What replicas get of a node, who makes room for whom, and how many there are."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from tests.executors.contract import NewJob, begun, printed, run
from tests.executors.processes import until
from tests.executors.ray.cluster import Cluster
from tests.executors.ray.conftest import QUICK
from understudy.errors import ConfigurationError, EngineUnavailable
from understudy.executors.executor import Loading, Started
from understudy.executors.ray.executor import RayExecutor
from understudy.executors.ray.rooms import Rooms
from understudy.testing.trouble import engine as trouble

SEES = "[env CUDA_VISIBLE_DEVICES][env CUDA_DEVICE_ORDER][garbage]"
OTHER = msgspec.structs.replace(trouble, name="other")


async def seen(executor: RayExecutor, job: NewJob, prompt: str = SEES, **options: object) -> list[str]:
    """The cards that a replica sees, and in which order they are counted."""
    cards, order = printed(await run(executor, job(prompt), options), "stdout")
    return [*cards.split(","), order]


async def test_a_replica_sees_its_own_cards(fresh: RayExecutor, job: NewJob) -> None:
    assert await seen(fresh, job, gpus=4, cpus=2) == ["0", "1", "2", "3", "PCI_BUS_ID"]
    (replica,) = fresh.replicas()
    assert replica.node
    assert fresh.capacity(trouble, {"gpus": 1, "cpus": 2, "replicas": 9}) == 2


async def test_parts_of_a_card_are_shared_and_idle_replicas_make_room(
    fresh: RayExecutor, job: NewJob
) -> None:
    first = await begun(fresh, job("[sleep 60]"), {"gpus": 0.5, "cpus": 1.3})
    alone = asyncio.create_task(seen(fresh, job, gpus=3, cpus=1.3))
    shared = await seen(fresh, job, gpus=0.25, cpus=1.3)
    assert len(shared) == 2
    # Whoever shares must be on one card: otherwise there would not be three others.
    cards = await alone
    assert len(cards) == 4
    assert not set(cards[:-1]) & set(shared[:-1])
    # One card and four: both of the idle ones have to go.
    first.cancel()
    await asyncio.wait([first])
    assert await seen(fresh, job, gpus=4, cpus=4) == ["0", "1", "2", "3", "PCI_BUS_ID"]
    assert len(fresh.replicas()) == 1


async def test_another_servers_idle_replica_makes_room(
    cluster: Cluster, fresh: RayExecutor, job: NewJob
) -> None:
    another = RayExecutor(cluster.address, QUICK)
    await run(another, job("[garbage]"), {"gpus": 4, "cpus": 2, "persistent": True})
    assert Started() in await run(fresh, job("[garbage]"), {"gpus": 3, "cpus": 2})
    await until(lambda: another.replicas() == ())
    await another.close()


async def test_a_replica_that_becomes_idle_is_handed_on(fresh: RayExecutor, job: NewJob) -> None:
    options = {"gpus": 4, "cpus": 2, "replicas": 2}
    first = await begun(fresh, job("[sleep 1] [garbage]"), options)
    events = await run(fresh, job("[garbage]"), options)
    await first
    assert events == [Loading(), Started()]
    (replica,) = fresh.replicas()
    assert (replica.state, replica.runs) == ("idle", 2)


async def test_memory_packs_replicas_on_cards(cluster: Cluster, fresh: RayExecutor, job: NewJob) -> None:
    cluster.add(gpus=1, labels={"understudy-card-gb": "80"})
    options = {"gpu_memory_gb": 30, "cpus": 0.1, "replicas": 9}
    tasks = [await begun(fresh, job("[sleep 60]"), options) for _ in range(2)]
    assert fresh.capacity(trouble, options) == 2
    third = asyncio.create_task(run(fresh, job("[garbage]"), options))
    await until(lambda: [each.state for each in fresh.replicas()] == ["busy", "busy", "waiting"])
    await asyncio.sleep(0.5)
    assert not third.done()
    tasks[0].cancel()
    assert await third == [Loading(), Started()]
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    with pytest.raises(EngineUnavailable, match=r"the memory of some of its cards is not known.*--labels"):
        await run(fresh, job("[garbage]"), {"gpu_memory_gb": 90})


async def test_a_card_is_measured_with_nvidia_smi(
    cluster: Cluster, fresh: RayExecutor, job: NewJob, tmp_path: Path
) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho 143771\n")
    program.chmod(0o755)
    cluster.add(gpus=1, environment={"PATH": f"{tmp_path}:/usr/bin:/bin"})
    options = {"gpu_memory_gb": 150, "cpus": 0.1, "replicas": 9}
    assert Started() in await run(fresh, job("[garbage]"), options)
    assert fresh.capacity(trouble, options) == 1


async def test_a_job_that_waits_long_enough_gets_a_replica_of_its_own(
    fresh: RayExecutor, job: NewJob
) -> None:
    options = {"replicas": 2}
    await run(fresh, job("[garbage]"), options)
    short = await begun(fresh, job("[sleep 0.1] [garbage]"), options)
    assert await run(fresh, job("[garbage]"), options) == [Started()]
    await short
    assert len(fresh.replicas()) == 1
    long = await begun(fresh, job("[sleep 60]"), options)
    assert await run(fresh, job("[garbage]"), options) == [Loading(), Started()]
    assert sorted(each.state for each in fresh.replicas()) == ["busy", "idle"]
    long.cancel()
    await asyncio.wait([long])


async def test_idle_replicas_above_the_least_are_unloaded(
    cluster: Cluster, rooms: Rooms, job: NewJob
) -> None:
    executor = RayExecutor(
        cluster.address, msgspec.structs.replace(QUICK, idle=0.2, patience=0.1), rooms=rooms
    )
    options = {"replicas": 2, "replicas_min": 1}
    tasks = [await begun(executor, job("[sleep 0.5] [garbage]"), options) for _ in range(2)]
    await asyncio.gather(*tasks)
    assert len(executor.replicas()) == 2
    await until(lambda: len(executor.replicas()) == 1)
    await asyncio.sleep(0.4)
    assert [each.state for each in executor.replicas()] == ["idle"]
    await executor.close()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cpus": 0}, "option cpus"),
        ({"cpus": "2"}, "option cpus"),
        ({"memory_gb": -1}, "option memory_gb"),
        ({"gpus": 1.5}, "option gpus"),
        ({"gpu_memory_gb": 10, "gpus": 1}, "either the option gpus or gpu_memory_gb"),
        ({"gpus": 1, "devices": [0]}, "option devices"),
        ({"replicas_min": 2}, "option replicas_min"),
    ],
)
def test_options_that_say_nothing_sensible(options: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigurationError, match=f"engine trouble: .*{message}"):
        RayExecutor().capacity(trouble, options)
