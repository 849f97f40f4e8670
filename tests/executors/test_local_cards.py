"""Replicas and cards: what each of them sees, and who makes room for whom."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator

import msgspec
import pytest

from tests.executors.contract import NewJob, printed
from tests.executors.processes import until
from understudy.engines.engine import Job, LocalEngine
from understudy.errors import ConfigurationError, EngineUnavailable, ReplicaLost
from understudy.executors.executor import Loading, RunEvent, Started
from understudy.executors.local import LocalExecutor
from understudy.executors.timings import Timings
from understudy.testing.trouble import engine as trouble

SEES = "[env CUDA_VISIBLE_DEVICES][garbage]"
QUICK = Timings(backoff_first=0.01, stop_grace=0.5)


def engine(name: str, gpus: float = 1, **fields: object) -> LocalEngine:
    return msgspec.structs.replace(trouble, name=name, gpus=gpus, **fields)  # type: ignore[arg-type]


A, B = engine("a"), engine("b")


def executor_with(*cards: str) -> LocalExecutor:
    return LocalExecutor(QUICK, detect=lambda: cards)


@pytest.fixture
async def one_card() -> AsyncIterator[LocalExecutor]:
    executor = executor_with("0")
    yield executor
    await executor.close()


@pytest.fixture
async def four_cards() -> AsyncIterator[LocalExecutor]:
    executor = executor_with("0", "1", "2", "3")
    yield executor
    await executor.close()


async def play(executor: LocalExecutor, engine: LocalEngine, job: Job, **options: object) -> list[RunEvent]:
    events: list[RunEvent] = []
    await executor.run(engine, options, job, events.append)
    return events


def at_work(executor: LocalExecutor, engine: LocalEngine, job: Job, **options: object) -> asyncio.Task[None]:
    return asyncio.create_task(executor.run(engine, options, job, lambda _: None))  # type: ignore[arg-type]


def states(executor: LocalExecutor) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for replica in executor.replicas():
        found.setdefault(replica.engine, []).append(replica.state)
    return found


async def sees(executor: LocalExecutor, engine: LocalEngine, job: Job, **options: object) -> str:
    (line,) = printed(await play(executor, engine, job, **options), "stdout")
    return line


async def test_each_replica_sees_its_own_cards_and_no_others(
    four_cards: LocalExecutor, job: NewJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert await sees(four_cards, A, job(SEES)) == "0"
    assert await sees(four_cards, B, job(SEES), gpus=2, devices=[3, 1]) == "3,1"
    assert await sees(four_cards, engine("c"), job(SEES)) == "2"
    assert await sees(four_cards, engine("none", 0), job(SEES)) == "unset"
    assert await sees(four_cards, A, job("[env CUDA_DEVICE_ORDER][garbage]")) == "PCI_BUS_ID"


async def test_two_replicas_of_an_engine_have_different_cards(four_cards: LocalExecutor, job: NewJob) -> None:
    lines = await asyncio.gather(
        *(sees(four_cards, A, job(f"[sleep 0.3]{SEES}"), replicas=2, devices=[1, 2]) for _ in range(2))
    )
    assert sorted(lines) == ["1", "2"]


async def test_parts_of_a_card_are_shared(one_card: LocalExecutor, job: NewJob) -> None:
    half = engine("half", 0.5)
    tasks = [at_work(one_card, half, job("[sleep 60]"), replicas=2) for _ in range(2)]
    await until(lambda: states(one_card) == {"half": ["busy", "busy"]})
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


async def test_without_cards_a_replica_starts_all_the_same(
    job: NewJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    executor = executor_with()
    assert executor.capacity(A, {"replicas": 3}) == 3
    assert await sees(executor, A, job(SEES)) == "unset"
    await executor.close()


def test_no_more_at_the_same_time_than_find_cards(four_cards: LocalExecutor) -> None:
    many = engine("many", replicas=8)
    assert four_cards.capacity(A, {}) == 1
    assert four_cards.capacity(many, {}) == 4
    assert four_cards.capacity(many, {"replicas": 3}) == 3
    assert four_cards.capacity(many, {"gpus": 2}) == 2
    assert four_cards.capacity(many, {"gpus": 0.5, "devices": [0, 1]}) == 4
    assert four_cards.capacity(many, {"gpus": 0}) == 8
    with pytest.raises(ConfigurationError, match="gpus"):
        four_cards.capacity(many, {"gpus": 5})


async def test_an_engine_that_needs_more_cards_than_there_are(one_card: LocalExecutor, job: NewJob) -> None:
    big = engine("big", 2)
    assert one_card.capacity(big, {}) == 1  # its mere presence stops no server
    with pytest.raises(EngineUnavailable, match="needs 2 graphics cards, and here are 1"):
        await play(one_card, big, job(SEES))
    assert await sees(one_card, big, job(SEES), gpus=1) == "0"


async def test_an_idle_replica_makes_room_even_a_persistent_one(one_card: LocalExecutor, job: NewJob) -> None:
    await play(one_card, A, job(SEES), persistent=True)
    assert await sees(one_card, B, job(SEES)) == "0"
    assert states(one_card) == {"b": ["idle"]}
    assert await sees(one_card, A, job(SEES), persistent=True) == "0"
    assert states(one_card) == {"a": ["idle"]}


async def test_a_card_of_what_is_told_to_unload_is_for_others(one_card: LocalExecutor, job: NewJob) -> None:
    await play(one_card, A, job("[garbage]"), persistent=True)
    (first,) = one_card.replicas()
    assert one_card.unload("a") == 1
    same = at_work(one_card, A, job("[garbage]"), persistent=True, replicas=2)
    assert await sees(one_card, B, job(SEES)) == "0"
    await same
    assert first.pid not in {each.pid for each in one_card.replicas()}


async def test_a_busy_replica_is_waited_for(one_card: LocalExecutor, job: NewJob) -> None:
    first = at_work(one_card, A, job("[sleep 0.4][garbage]"))
    await until(lambda: states(one_card) == {"a": ["busy"]})
    second = asyncio.create_task(sees(one_card, B, job(SEES)))
    await until(lambda: states(one_card) == {"a": ["busy"], "b": ["waiting"]})
    third = at_work(one_card, A, job("[garbage]"))  # came last: does not keep the card from the second
    await first
    assert await second == "0"
    await third
    assert states(one_card) == {"a": ["idle"]}


@pytest.mark.parametrize("prompt", ["[crash]", "[raise it broke][garbage]"])
async def test_a_failure_frees_the_card(one_card: LocalExecutor, job: NewJob, prompt: str) -> None:
    first = at_work(one_card, A, job(f"[sleep 0.1]{prompt}"))
    await until(lambda: states(one_card) == {"a": ["busy"]})
    second = asyncio.create_task(sees(one_card, B, job(SEES)))
    await asyncio.wait([first])
    assert first.exception() is not None
    assert await second == "0"


async def test_so_does_a_failed_load(one_card: LocalExecutor, job: NewJob) -> None:
    with pytest.raises(EngineUnavailable):
        await play(one_card, A, job(), load="[unavailable]")
    assert await sees(one_card, B, job(SEES)) == "0"


@pytest.mark.parametrize("prompt", ["[sleep 60]", "[hang]"])
async def test_so_does_a_cancelled_run(one_card: LocalExecutor, job: NewJob, prompt: str) -> None:
    first = at_work(one_card, A, job(prompt))
    await until(lambda: states(one_card) == {"a": ["busy"]})
    first.cancel()
    await asyncio.wait([first])
    assert await sees(one_card, B, job(SEES)) == "0"


async def test_so_does_a_cancelled_start(one_card: LocalExecutor, job: NewJob) -> None:
    for turns in range(14):
        task = at_work(one_card, A, job(SEES))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
    assert await sees(one_card, B, job(SEES)) == "0"


async def test_so_does_a_process_that_dies_idle(one_card: LocalExecutor, job: NewJob) -> None:
    await play(one_card, A, job(SEES), load="", persistent=True)
    (replica,) = one_card.replicas()
    os.kill(replica.pid, signal.SIGKILL)
    await until(lambda: not one_card.replicas())
    assert await sees(one_card, B, job(SEES)) == "0"
    assert await sees(one_card, A, job(SEES), load="", persistent=True) == "0"


async def test_who_waits_can_be_cancelled_and_disturbs_nobody(one_card: LocalExecutor, job: NewJob) -> None:
    first = at_work(one_card, A, job("[sleep 0.4][garbage]"))
    await until(lambda: states(one_card) == {"a": ["busy"]})
    second = at_work(one_card, B, job(SEES))
    await until(lambda: "b" in states(one_card))
    second.cancel()
    await asyncio.wait([second])
    assert states(one_card) == {"a": ["busy"]}
    await first
    assert await play(one_card, A, job("[garbage]")) == [Started()]


async def test_a_loaded_mate_takes_the_job_that_waits_for_a_card(job: NewJob) -> None:
    executor = executor_with("0", "1")
    other = at_work(executor, B, job("[sleep 60]"))
    await until(lambda: states(executor) == {"b": ["busy"]})
    first = at_work(executor, A, job("[sleep 0.4][garbage]"), replicas=2)
    await until(lambda: states(executor).get("a") == ["busy"])
    (pid,) = [replica.pid for replica in executor.replicas() if replica.engine == "a"]
    events = await play(executor, A, job(SEES), replicas=2)
    assert events[:2] == [Loading(), Started()]
    await first
    (replica,) = [replica for replica in executor.replicas() if replica.engine == "a"]
    assert (replica.pid, replica.runs, replica.state) == (pid, 2, "idle")
    other.cancel()
    await asyncio.wait([other])
    await executor.close()


async def test_a_close_ends_the_wait(one_card: LocalExecutor, job: NewJob) -> None:
    first = at_work(one_card, A, job("[hang]"))
    await until(lambda: states(one_card) == {"a": ["busy"]})
    second = at_work(one_card, B, job(SEES))
    await until(lambda: "b" in states(one_card))
    await one_card.close()
    for task in (first, second):
        with pytest.raises(ReplicaLost):
            await asyncio.wait_for(task, 1)
