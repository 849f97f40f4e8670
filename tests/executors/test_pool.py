"""How many replicas a pool has, with replicas that are none and a host that has room for all."""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack

import pytest

from tests.executors.contract import NewJob
from understudy.engines.engine import Job
from understudy.errors import ConfigurationError, EngineUnavailable, ReplicaLost
from understudy.executors.artifact import Artifact
from understudy.executors.executor import Listener
from understudy.executors.pool import Pool, Replica, Slot
from understudy.executors.pools import least_of, most_of
from understudy.executors.timings import Timings
from understudy.testing.trouble import engine as trouble


class Actor:
    """Plays a job until it is told to end."""

    def __init__(self) -> None:
        self.alive = True
        self.pid = 1
        self.node = "stage"
        self.runs = 0
        self.holds = False
        self.let_go_of = 0
        self.end = asyncio.Event()

    async def load(self, options: Mapping[str, object], listen: Listener) -> None: ...

    async def run(self, job: Job, listen: Listener) -> tuple[Artifact, ...]:
        self.runs += 1
        await self.end.wait()
        self.end.clear()
        return ()

    async def let_go(self) -> None:
        self.let_go_of += self.holds
        self.holds = False

    async def stop(self) -> None:
        self.alive = False

    async def kill(self, cause: str) -> None:
        self.alive = False


class Stage:
    """The host."""

    short = True

    def __init__(self) -> None:
        self.actors: list[Actor] = []
        self.rooms = 0
        self.left = 0
        self.full = ""

    async def take(self, slot: Slot) -> None:
        if self.full:
            raise EngineUnavailable(self.full)
        self.rooms += 1

    async def start(self, slot: Slot) -> Replica:
        self.actors.append(Actor())
        return self.actors[-1]

    def busy(self, slot: Slot) -> None: ...

    def idle(self, slot: Slot) -> None: ...

    def leaving(self, slot: Slot) -> None:
        self.left += 1

    def give_back(self, slot: Slot) -> None: ...


def pool(stage: Stage, size: int = 3, idle: float = 3600, least: int = 0, patience: float = 0) -> Pool:
    return Pool(
        trouble,
        {},
        size,
        Timings(idle=idle),
        host=stage,
        persistent=False,
        clock=lambda: 0.0,
        sleep=asyncio.sleep,
        now=lambda: 0.0,
        least=least,
        patience=patience,
    )


def at_work(pool: Pool, job: Job) -> asyncio.Task[None]:
    async def work() -> None:
        async with pool.playing(job, lambda _: None):
            return

    return asyncio.create_task(work())


async def settled(stage: Stage, actors: int) -> None:
    for _ in range(100):
        await asyncio.sleep(0)
    assert len(stage.actors) == actors


async def test_without_patience_each_job_gets_its_replica_at_once(job: NewJob) -> None:
    stage = Stage()
    acting = pool(stage)
    tasks = [at_work(acting, job()) for _ in range(3)]
    await settled(stage, 3)
    assert {each.node for each in acting.replicas()} == {"stage"}
    for actor in stage.actors:
        actor.end.set()
    await asyncio.gather(*tasks)
    await acting.close()


async def test_files_that_are_nowhere_else_keep_their_replica(job: NewJob) -> None:
    stage = Stage()
    acting = pool(stage, size=1)
    kept = AsyncExitStack()
    first = asyncio.create_task(kept.enter_async_context(acting.playing(job(), lambda _: None)))
    await settled(stage, 1)
    (actor,) = stage.actors
    actor.holds = True
    actor.end.set()
    await first
    second = at_work(acting, job())
    await settled(stage, 1)
    assert (acting.replicas()[0].state, acting.replicas()[0].job) == ("busy", "job")
    assert (actor.runs, actor.let_go_of) == (1, 0)
    await kept.aclose()
    assert actor.let_go_of == 1
    actor.end.set()
    await second
    assert (actor.runs, actor.let_go_of) == (2, 1)
    await acting.close()


async def test_files_that_are_here_keep_no_replica(job: NewJob) -> None:
    stage = Stage()
    acting = pool(stage, size=1)
    kept = AsyncExitStack()
    for number in (1, 2):
        playing = asyncio.create_task(kept.enter_async_context(acting.playing(job(), lambda _: None)))
        await settled(stage, 1)
        stage.actors[0].end.set()
        await playing
        assert stage.actors[0].runs == number
        assert [each.state for each in acting.replicas()] == ["idle"]
    await kept.aclose()
    await acting.close()


async def test_with_patience_a_job_takes_what_becomes_free(job: NewJob) -> None:
    stage = Stage()
    acting = pool(stage, patience=3600)
    tasks = [at_work(acting, job()) for _ in range(3)]
    await settled(stage, 1)
    for number in range(3):
        stage.actors[0].end.set()
        await tasks[number]  # first come, first served
    assert stage.actors[0].runs == 3
    assert len(stage.actors) == 1
    await acting.close()


async def test_whose_patience_is_at_its_end_gets_another(job: NewJob) -> None:
    stage = Stage()
    acting = pool(stage, size=2, patience=0.02)
    tasks = [at_work(acting, job()) for _ in range(3)]
    await asyncio.sleep(0.2)
    assert len(stage.actors) == 2  # no more than the size, however long the third waits
    stage.actors[1].end.set()
    await tasks[1]
    stage.actors[1].end.set()
    await tasks[2]
    stage.actors[0].end.set()
    await tasks[0]
    await acting.close()


async def test_one_who_is_cancelled_while_it_is_given_a_replica_passes_it_on(job: NewJob) -> None:
    stage = Stage()
    acting = pool(stage, patience=3600)
    tasks = [at_work(acting, job()) for _ in range(3)]
    await settled(stage, 1)
    tasks[0].add_done_callback(lambda _: tasks[1].cancel())
    stage.actors[0].end.set()
    await asyncio.wait(tasks[:2])
    assert tasks[1].cancelled()
    stage.actors[0].end.set()
    await tasks[2]
    assert stage.actors[0].runs == 3 or stage.actors[0].runs == 2
    await acting.close()


async def test_a_close_ends_patience(job: NewJob) -> None:
    stage = Stage()
    acting = pool(stage, patience=3600)
    tasks = [at_work(acting, job()) for _ in range(2)]
    await settled(stage, 1)
    closing = asyncio.create_task(acting.close())
    with pytest.raises(ReplicaLost):
        await asyncio.wait_for(tasks[1], 1)
    stage.actors[0].end.set()
    await asyncio.gather(tasks[0], closing)


async def test_the_least_number_stays_loaded(job: NewJob) -> None:
    stage = Stage()
    acting = pool(stage, idle=0.02, least=1)
    tasks = [at_work(acting, job()) for _ in range(3)]
    await settled(stage, 3)
    for actor in stage.actors:
        actor.end.set()
    await asyncio.gather(*tasks)
    await asyncio.sleep(0.2)
    assert sum(actor.alive for actor in stage.actors) == 1
    assert len(acting.replicas()) == 1
    await acting.close()


async def test_the_host_knows_at_once_what_is_being_unloaded(job: NewJob) -> None:
    stage = Stage()
    acting = pool(stage, least=2)
    await acting.warm()
    task = at_work(acting, job())
    await settled(stage, 2)
    assert acting.unload() == 1
    assert stage.left == 1, "nobody may be handed what is about to go"
    assert sorted(each.state for each in acting.replicas()) == ["busy", "stopping"]
    (busy,) = [actor for actor in stage.actors if actor.runs]
    busy.end.set()
    await task
    assert [actor.alive for actor in stage.actors if actor.runs] == [True]
    assert [actor.alive for actor in stage.actors if not actor.runs] == [False]
    await acting.close()


async def test_no_room_is_said(job: NewJob) -> None:
    stage = Stage()
    stage.full = "No such room."
    acting = pool(stage)
    with pytest.raises(EngineUnavailable, match=r"No such room\."):
        await at_work(acting, job())
    assert acting.replicas() == ()
    await acting.close()


@pytest.mark.parametrize("number", [-1, 3, "1", True, 1.5, None])
def test_a_least_number_that_is_none(number: object) -> None:
    assert least_of(trouble, {}) == 0
    assert least_of(trouble, {"replicas": 2, "replicas_min": 2}) == most_of(trouble, {"replicas": 2}) == 2
    with pytest.raises(ConfigurationError, match="replicas_min must be a whole number from 0 to 2"):
        least_of(trouble, {"replicas": 2, "replicas_min": number})
