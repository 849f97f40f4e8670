"""Engines that operators pause, drain and unload, with real replicas."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.executors.processes import alive, gone, until
from tests.tasks.house import House, house
from understudy.tasks.operations.holds import Holds
from understudy.tasks.records import Task
from understudy.tasks.runner import Run

LASTING: dict[str, object] = {"persistent": True, "replicas": 2, "replicas_min": 2}
PAIR = {"*": ("trouble", "instant")}
WAITED = 0.3
"""Seconds after which what was to be claimed would have been."""


async def now(at: House, task: Task) -> Task:
    return await at.desk.find(at.project, id=str(task.id))


async def still_waits(at: House, *tasks: Task) -> None:
    await asyncio.sleep(WAITED)
    for task in tasks:
        found = await now(at, task)
        assert (found.status, found.attempts) == ("task_queue", 0)


async def played_by(at: House, task: Task) -> str:
    task = await at.end_of(task)
    assert task.pexit == "0", task.reason
    assert task.engine is not None
    return str(task.engine["name"])


def pids(at: House, state: str = "") -> set[int]:
    return {each.pid for each in at.executor.replicas() if each.pid and state in ("", each.state)}


class TestPaused:
    async def test_what_runs_ends_what_waits_waits_and_replicas_stay(self, tmp_path: Path) -> None:
        async with house(tmp_path) as at:
            running = await at.submit("[say here][sleep 0.2]")
            await at.reached(running, "task_output")
            await at.decisions.hold("trouble", "paused", "Ada")
            waiting = [await at.submit(), await at.submit()]
            assert await played_by(at, running) == "trouble"
            await still_waits(at, *waiting)
            (replica,) = at.executor.replicas()
            assert (replica.state, replica.runs) == ("idle", 1)
            await at.decisions.hold("trouble", None, "Ada")
            async with asyncio.timeout(3):  # and not with the next beat
                for task in waiting:
                    assert await played_by(at, task) == "trouble"
                    assert (await now(at, task)).attempts == 1
            assert pids(at) == {replica.pid}

    async def test_nobody_else_plays_instead(self, tmp_path: Path) -> None:
        async with house(tmp_path, casting=PAIR) as at:
            await at.decisions.hold("trouble", "paused", "Ada")
            task = await at.submit()
            await still_waits(at, task)
            await at.decisions.cast(task.model, ["instant"], "Ada")
            assert await played_by(at, task) == "instant"

    async def test_others_go_on(self, tmp_path: Path) -> None:
        casting: Mapping[str, tuple[str, ...]] = {"*": ("trouble",), "acme/by-time": ("instant",)}
        async with house(tmp_path, casting=dict(casting)) as at:
            await at.decisions.hold("instant", "paused", "Ada")
            assert await played_by(at, await at.submit()) == "trouble"

    async def test_one_that_is_not_available_either_is_waited_for(self, tmp_path: Path) -> None:
        async with house(tmp_path, options={"unavailable": "no weights"}, started=False) as at:
            await at.decisions.hold("trouble", "paused", "Ada")
            task = await at.submit()
            await at.dispatcher.start()
            await still_waits(at, task)

    async def test_a_server_that_starts_knows(self, tmp_path: Path) -> None:
        async with house(tmp_path) as at:
            await at.decisions.hold("trouble", "paused", "Ada")
            task = await at.submit()
        async with house(tmp_path) as at:
            await still_waits(at, task)
            await at.decisions.hold("trouble", None, "Ada")
            assert await played_by(at, task) == "trouble"

    async def test_in_a_failover_it_is_passed_over(self, tmp_path: Path) -> None:
        options: dict[str, dict[str, object]] = {
            "trouble": {"load": "[unavailable no weights]"},
            "second": {"kind": "instant"},
        }
        casting = {"*": ("trouble", "second", "instant")}
        async with house(tmp_path, all_options=options, casting=casting) as at:
            await at.decisions.hold("second", "paused", "Ada")
            task = await at.submit()
            assert await played_by(at, task) == "instant"
            told = (await now(at, task)).engine
            assert told is not None
            assert [each["engine"] for each in told["tried"]] == ["trouble", "second"]
            assert told["tried"][1]["reason"] == "An operator holds it."
            await at.decisions.hold("instant", "paused", "Ada")
            task = await at.end_of(await at.submit())
            assert task.pexit == "1"
            assert "no weights" in task.reason
            assert "instant: An operator holds it." in task.reason

    async def test_what_was_claimed_before_is_played(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with house(tmp_path) as at:
            task = await claimed(at, monkeypatch, "paused")
            assert await played_by(at, task) == "trouble"


class TestDrained:
    async def test_replicas_go_as_soon_as_they_have_nothing_to_do(self, tmp_path: Path) -> None:
        async with house(tmp_path, options=LASTING) as at:
            await at.executor.warm(at.crew.cast.engines[1], LASTING)
            assert len(pids(at, "idle")) == 2
            running = await at.submit("[say here][sleep 1.2]")
            await at.reached(running, "task_output")
            idle, busy = pids(at, "idle"), pids(at, "busy")
            await at.decisions.hold("trouble", "drained", "Ada")
            waiting = await at.submit()
            assert await gone(*idle, within=3)
            assert pids(at, "busy") == busy
            assert await played_by(at, running) == "trouble"
            assert await gone(*busy, within=4)
            await still_waits(at, waiting)
            assert at.executor.replicas() == ()
            await at.decisions.hold("trouble", None, "Ada")
            assert await played_by(at, waiting) == "trouble"
            assert (await now(at, waiting)).attempts == 1
            assert pids(at, "idle"), "it stays loaded again"

    async def test_others_play_meanwhile(self, tmp_path: Path) -> None:
        async with house(tmp_path, casting=PAIR) as at:
            await at.decisions.hold("trouble", "drained", "Ada")
            task = await at.submit()
            assert await played_by(at, task) == "instant"
            told = (await now(at, task)).engine
            assert told is not None
            assert [each["engine"] for each in told["tried"]] == ["trouble"]
            await at.decisions.hold("trouble", None, "Ada")
            assert await played_by(at, await at.submit()) == "trouble"

    async def test_what_was_claimed_before_goes_back_and_is_not_counted(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with house(tmp_path) as at:
            task = await claimed(at, monkeypatch, "drained")
            await at.reached(task, "task_queue")
            await still_waits(at, task)
            await at.decisions.hold("trouble", None, "Ada")
            assert await played_by(at, task) == "trouble"
            assert (await now(at, task)).attempts == 1

    async def test_a_model_that_nobody_plays_fails_as_ever(self, tmp_path: Path) -> None:
        async with house(tmp_path, casting={"*": ()}) as at:
            await at.decisions.hold("trouble", "drained", "Ada")
            assert "No engine can play" in (await at.end_of(await at.submit())).reason


class TestUnloaded:
    async def test_what_is_idle_goes_now_and_once(self, tmp_path: Path) -> None:
        async with house(tmp_path, options=LASTING) as at:
            await at.executor.warm(at.crew.cast.engines[1], LASTING)
            running = await at.submit("[say here][sleep 60]")
            await at.reached(running, "task_output")
            (idle,), busy = pids(at, "idle"), pids(at, "busy")
            await at.decisions.unload("trouble", "Ada")
            meanwhile = await at.submit()
            assert await gone(idle, within=3)
            assert await played_by(at, meanwhile) == "trouble"
            after = pids(at)
            assert busy < after
            assert idle not in after
            await at.decisions.hold("instant", "paused", "Ada")
            await at.decisions.unload("instant", "Ada")
            await asyncio.sleep(WAITED)
            assert pids(at) == after
            assert all(map(alive, after))

    async def test_who_starts_later_has_nothing_that_was_meant(self, tmp_path: Path) -> None:
        async with house(tmp_path) as at:
            await at.decisions.unload("trouble", "Ada")
            told: list[str] = []

            def unload(engine: str) -> int:
                told.append(engine)
                return 0

            holds = Holds(at.decisions, unload=unload, wake=lambda: None)
            holds.start()
            await asyncio.sleep(WAITED)
            assert told == []
            await at.decisions.unload("trouble", "Ada")
            await until(lambda: told == ["trouble"])
            await holds.stop()


async def claimed(at: House, monkeypatch: pytest.MonkeyPatch, hold: str) -> Task:
    """A task that is claimed, and whose engine is held before it is chosen."""
    prepare, begun, go_on = Run._prepare, asyncio.Event(), asyncio.Event()

    async def slow(run: Run, folder: Path) -> dict[str, tuple[str, ...]]:
        begun.set()
        await go_on.wait()
        return await prepare(run, folder)

    monkeypatch.setattr(Run, "_prepare", slow)
    task = await at.submit()
    await begun.wait()
    await at.decisions.hold("trouble", hold, "Ada")  # type: ignore[arg-type]
    go_on.set()
    return task
