"""Points of the charts."""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.postgres import stores
from tests.tasks.house import House, house
from tests.tasks.operations.test_reports import reporter_of
from understudy.tasks.operations import sampling
from understudy.tasks.operations.records import Sample
from understudy.tasks.operations.reports import Reports
from understudy.tasks.operations.sampling import KEPT_SECONDS, SAMPLE_SECONDS, Sampler, sample
from understudy.tasks.store.store import Store


def reports_of(at: House) -> Reports:
    return Reports(at.store, time.time, reporter_of(at, at.store, "me").report)


def leading(store: Store, owner: str) -> Callable[[], Awaitable[bool]]:
    return lambda: store.lead("housekeeping", owner, at=time.time(), until=time.time() + 60)


async def test_a_point_says_what_waits_runs_and_has_ended(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        assert await sample(at.store, reports_of(at), lambda: 7.0) == Sample(at=7.0)
        await at.end_of(await at.submit())
        await at.end_of(await at.submit("[raise no luck]"))
        running = await at.submit("[say here][sleep 60]")
        await at.reached(running, "task_output")
        first, second, third = [await at.submit() for _ in range(3)]
        await at.desk.cancel(at.project, id=str(third.id))
        now = await sample(at.store, reports_of(at), lambda: first.created + 12.0)
        assert (now.queued, now.running, now.oldest) == (2, 1, 12.0)
        assert (now.succeeded, now.failed, now.cancelled, now.replicas) == (1, 1, 1, 1)
        assert (now.memory > 5 << 20) == (sys.platform == "linux")
        await at.desk.kill(at.project, id=str(running.id))
        await at.end_of(second)
        now = await sample(at.store, reports_of(at), time.time)
        assert (now.queued, now.running, now.oldest) == (0, 0, 0.0)
        assert (now.succeeded, now.failed, now.cancelled) == (3, 1, 2)


async def test_points_are_on_the_minute_and_kept_for_a_day(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        clock = [0.0]
        sampler = Sampler(at.store, reports_of(at), lambda: clock[0], leads=leading(at.store, "me"))
        for seconds in (0, 61, 61.5, KEPT_SECONDS + 30):
            clock[0] = 1_000_019.0 + seconds
            await sampler.take()
        kept = [each.at for each in await at.store.operating.samples(0.0)]
        assert kept == [1_000_080.0, 1_000_020.0 + KEPT_SECONDS]
        assert all(each % SAMPLE_SECONDS == 0 for each in kept)


async def test_one_of_several_processes_takes_them_until_it_is_gone(tmp_path: Path) -> None:
    async with stores(2) as (one, two):
        a = Sampler(one, Reports(one, time.time), lambda: 60.0, leads=leading(one, "a"))
        b = Sampler(two, Reports(two, time.time), lambda: 120.0, leads=leading(two, "b"))
        await a.take()
        await b.take()
        assert [each.at for each in await two.operating.samples(0.0)] == [60.0]
        await one.leave("a")
        await b.take()
        assert [each.at for each in await one.operating.samples(0.0)] == [60.0, 120.0]


async def test_it_goes_on_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "SAMPLE_SECONDS", 0.1)
    async with house(tmp_path) as at:
        sampler = Sampler(at.store, reports_of(at), time.time, leads=leading(at.store, "me"))
        sampler.start()
        deadline = time.monotonic() + 5
        while len(await at.store.operating.samples(0.0)) < 3:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.02)
        await sampler.stop()
        number = len(await at.store.operating.samples(0.0))
        await asyncio.sleep(0.3)
        assert len(await at.store.operating.samples(0.0)) == number
