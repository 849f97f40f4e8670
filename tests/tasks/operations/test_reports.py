"""What processes say of themselves, with real replicas, and on a real PostgreSQL."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.executors.processes import until
from tests.postgres import stores
from tests.tasks.house import House, house
from understudy.executors.card_memory import CardMemory
from understudy.tasks.operations import reporter as reporting
from understudy.tasks.operations.records import Report
from understudy.tasks.operations.reporter import Reporter
from understudy.tasks.operations.reports import FRESH_SECONDS, Reports
from understudy.tasks.store.store import Store


def reporter_of(at: House, store: Store, owner: str, clock: Callable[[], float] = time.time) -> Reporter:
    return Reporter(
        store=store,
        dispatcher=at.dispatcher,
        cast=at.crew.cast,
        owner=owner,
        clock=clock,
        cards=CardMemory(),
    )


@asynccontextmanager
async def reporting_by(at: House, store: Store, owner: str) -> AsyncIterator[Reporter]:
    reporter = reporter_of(at, store, owner)
    await reporter.start()
    try:
        yield reporter
    finally:
        await reporter.stop()


async def reported(store: Store, is_there: Callable[[list[Report]], bool], within: float = 5.0) -> None:
    deadline = time.monotonic() + within
    while not is_there(await store.operating.reports(0.0)):
        assert time.monotonic() < deadline, await store.operating.reports(0.0)
        await asyncio.sleep(0.02)


async def test_a_report_says_what_runs_where_and_who_cannot(tmp_path: Path) -> None:
    casting = {"*": ("trouble", "instant")}
    options: dict[str, dict[str, object]] = {
        "trouble": {"replicas": 2},
        "absent": {"kind": "trouble", "unavailable": "no weights"},
    }
    async with house(tmp_path, casting=casting, all_options=options) as at:
        done = await at.end_of(await at.submit())
        task = await at.submit("[say here][sleep 60]")
        await at.reached(task, "task_output")
        await at.decisions.hold("instant", "drained", "Ada")
        report = await reporter_of(at, at.store, "me").report()
        assert done.pexit == "0"
        assert (report.owner, report.running) == ("me", {"absent": 0, "instant": 0, "trouble": 1})
        assert abs(report.at - time.time()) < 5
        states = {each.state: each for each in report.replicas}
        assert (states["busy"].engine, states["busy"].job) == ("trouble", str(task.id))
        assert [each.pid for each in report.replicas] == [each.pid for each in at.executor.replicas()]
        if sys.platform == "linux":
            assert all(5 << 20 < each.memory < 1 << 30 for each in report.replicas)
        available = {each.name: (each.available, each.reason) for each in report.engines}
        assert available == {
            "absent": (False, "no weights"),
            "instant": (True, ""),  # that it is drained every process knows by itself
            "trouble": (True, ""),
        }


async def test_alone_nothing_is_written_and_what_is_asked_is_of_now(tmp_path: Path) -> None:
    async with house(tmp_path) as at, reporting_by(at, at.store, "me") as reporter:
        reports = Reports(at.store, time.time, reporter.report)
        (before,) = await reports.all()
        await at.end_of(await at.submit())
        (after,) = await reports.all()
        assert (len(before.replicas), len(after.replicas)) == (0, 1)
        assert await at.store.operating.reports(0.0) == []


async def test_each_process_is_known_to_all_until_it_stops(tmp_path: Path) -> None:
    async with stores(3) as (one, two, third), house(tmp_path / "a") as a, house(tmp_path / "b") as b:
        task = await a.submit("[say here][sleep 60]")
        await a.reached(task, "task_output")
        async with reporting_by(a, one, "a") as reporter:
            async with reporting_by(b, two, "b"):
                await reported(third, lambda known: [each.owner for each in known] == ["a", "b"])
                of_a, of_b = await Reports(third, time.time).all()
                assert (of_a.running["trouble"], of_b.running["trouble"]) == (1, 0)
                assert [each.job for each in of_a.replicas] == [str(task.id)]
                # A process that runs tasks itself says what it does now, not what it has written.
                await a.desk.kill(a.project, id=str(task.id))
                await until(lambda: a.dispatcher.running == 0)
                own = await Reports(one, time.time, reporter.report).all()
                assert [(each.owner, each.running["trouble"]) for each in own] == [("a", 0), ("b", 0)]
            await reported(third, lambda known: [each.owner for each in known] == ["a"])
        assert await Reports(third, time.time).all() == []


async def test_an_engine_that_is_available_somewhere_is_available(tmp_path: Path) -> None:
    lacking: dict[str, dict[str, object]] = {"trouble": {"unavailable": "no weights"}}
    async with (
        stores(2) as (one, two),
        house(tmp_path / "a", all_options=lacking) as a,
        house(tmp_path / "b") as b,
        house(tmp_path / "c") as alone,
    ):
        reports = Reports(two, time.time)
        assert await reports.answers() is None, "nobody is there to say"
        await one.operating.report(await reporter_of(a, one, "a").report())
        said = await reports.answers()
        assert said is not None
        assert (said["trouble"].ok, said["trouble"].reason) == (False, "no weights")
        await one.operating.report(await reporter_of(b, one, "b").report())
        said = await reports.answers()
        assert said is not None
        assert said["trouble"].ok
        assert await Reports(alone.store, time.time).answers() is None, "its cast can say"


async def test_who_has_died_is_not_shown_and_later_forgotten(tmp_path: Path) -> None:
    async with stores(2) as (one, two), house(tmp_path) as at:
        dead = reporter_of(at, one, "dead", clock=lambda: time.time() - 61)
        await one.operating.report(await dead.report())
        recent = reporter_of(at, one, "silent", clock=lambda: time.time() - FRESH_SECONDS - 1)
        await one.operating.report(await recent.report())
        assert [each.owner for each in await two.operating.reports(0.0)] == ["dead", "silent"]
        async with reporting_by(at, two, "me"):
            await reported(two, lambda known: [each.owner for each in known] == ["me", "silent"])
            assert [each.owner for each in await Reports(one, time.time).all()] == ["me"]


async def test_it_goes_on_after_the_store_was_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(reporting, "_AGAIN_SECONDS", 0.02)
    async with stores(1) as (store,), house(tmp_path) as at:
        write = store.operating.report
        failing = True

        async def away(report: Report) -> None:
            if failing:
                raise reporting.StoreUnavailable("The store is away.")
            await write(report)

        monkeypatch.setattr(store.operating, "report", away)
        async with reporting_by(at, store, "me"):
            await asyncio.sleep(0.2)
            failing = False
            await reported(store, lambda known: [each.owner for each in known] == ["me"])
        assert caplog.text.count("what this process does is not seen by others") == 1


async def test_a_store_that_is_away_holds_up_no_stop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporting, "_LEAVE_SECONDS", 0.05)
    async with stores(1) as (store,), house(tmp_path) as at:
        reporter = reporter_of(at, store, "me")
        await reporter.start()
        await reported(store, lambda known: len(known) == 1)
        hangs: Callable[[str], Awaitable[None]] = lambda _: asyncio.sleep(60)  # noqa: E731
        monkeypatch.setattr(store.operating, "withdraw", hangs)
        began = time.monotonic()
        await reporter.stop()
        assert time.monotonic() - began < 1
