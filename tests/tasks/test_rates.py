"""Rates over several processes that share a store, under a clock that the test moves."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fire.simulation.loop import VirtualLoop
from tests.tasks.examples import project
from understudy.errors import StoreUnavailable, TooManyRequests
from understudy.tasks.rates import Rates
from understudy.tasks.records import Project, ProjectLimits
from understudy.tasks.store.sqlite.store import SqliteStore, open_sqlite


class Watched:
    """A store's buckets; counts the questions, and fails when it is told to."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store
        self.asked = 0
        self.away = False

    async def draw(self, bucket: str, wanted: float, *, rate: float, burst: float, at: float) -> float:
        self.asked += 1
        await asyncio.sleep(0)
        if self.away:
            raise StoreUnavailable("away")
        return await self._store.draw(bucket, wanted, rate=rate, burst=burst, at=at)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Watched]:
    opened = await open_sqlite(tmp_path / "tasks.db")
    yield Watched(opened)
    await opened.close()


def rates(store: Watched, limits: ProjectLimits = ProjectLimits(), at: float = 100.0) -> Rates:  # noqa: B008
    return Rates(store, lambda: at, limits)  # type: ignore[arg-type]


def with_rate(rate: float, burst: int = 0, id: int = 1) -> Project:
    return project(id=id, limits=ProjectLimits(rate=rate, burst=burst))


async def passed(rates: Rates, one: Project, requests: int) -> int:
    outcomes = await asyncio.gather(*(rates.take(one) for _ in range(requests)), return_exceptions=True)
    assert all(isinstance(each, TooManyRequests) for each in outcomes if each is not None)
    return outcomes.count(None)


async def test_without_a_limit_nothing_is_asked(store: Watched) -> None:
    assert await passed(rates(store), project(id=1), 50) == 50
    assert store.asked == 0


async def test_a_burst_then_a_refusal_that_says_how_long(store: Watched) -> None:
    here = rates(store)
    assert await passed(here, with_rate(2.0, 5), 5) == 5
    with pytest.raises(TooManyRequests, match="2 requests a second") as refused:
        await here.take(with_rate(2.0, 5))
    assert 0.0 < refused.value.retry_after <= 0.5
    assert here.refused == {1: 1}


async def test_projects_are_apart_and_their_own_limits_come_first(store: Watched) -> None:
    here = rates(store, ProjectLimits(rate=1.0, burst=2))
    assert await passed(here, project(id=1), 9) == 2
    assert await passed(here, project(id=2), 9) == 2
    assert await passed(here, with_rate(1.0, 7, id=3), 9) == 7


async def test_processes_share_what_there_is(store: Watched) -> None:
    one = with_rate(10.0, 20)
    all_of_them = [rates(store) for _ in range(4)]
    got = [await passed(each, one, 1) for _ in range(20) for each in all_of_them]
    assert 17 <= sum(got) <= 20, "what is drawn ahead and not used is less than a token in each of them"


async def test_a_busy_project_does_not_cost_a_question_per_request(store: Watched) -> None:
    here = rates(store)
    assert await passed(here, with_rate(1000.0), 1) == 1
    for _ in range(600):
        await here.take(with_rate(1000.0))
    assert store.asked <= 20


async def test_who_asks_much_too_often_does_not_ask_the_store(store: Watched) -> None:
    here = rates(store)
    assert await passed(here, with_rate(0.1, 1), 1) == 1
    for _ in range(500):
        with pytest.raises(TooManyRequests):
            await here.take(with_rate(0.1, 1))
    assert store.asked <= 3


async def test_what_was_drawn_is_not_lost_when_the_store_is_away(store: Watched) -> None:
    here, other = rates(store), rates(store)
    one = with_rate(1.0, 3)
    assert await passed(other, one, 2) == 2
    # A little more than half a token is left in the bucket, and drawn without being enough.
    await store._store.draw("requests of 1", 0.4, rate=1.0, burst=3.0, at=100.0)
    assert await passed(here, one, 1) == 0
    here._empty.clear()
    store.away = True
    with pytest.raises(StoreUnavailable):
        await here.take(one)
    store.away = False
    assert here._drawn[1] == pytest.approx(0.6)


def test_in_the_long_run_the_rate_holds(tmp_path: Path) -> None:
    """Two processes, ten minutes, far more requests than may pass: as many pass as the rate says."""

    async def ten_minutes() -> int:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        store = await loop.outside(open_sqlite(tmp_path / "tasks.db"))
        watched, one = Watched(store), with_rate(3.0, 10)
        both = [Rates(watched, loop.time), Rates(watched, loop.time)]  # type: ignore[arg-type]
        through = 0
        for _ in range(6000):
            await asyncio.sleep(0.1)
            for each in both:
                through += await passed(each, one, 1)
        await loop.outside(store.close())
        return through

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        through = runner.run(ten_minutes())
    assert 1800 <= through <= 1810
