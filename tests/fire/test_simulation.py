"""A cluster in virtual time (see `simulation`): fair, full, within its limits, and cheap for the store."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fire.simulation.cluster import simulated
from tests.fire.simulation.gauge import jain
from tests.fire.simulation.loop import VirtualLoop
from tests.fire.simulation.plan import Plan
from tests.fire.simulation.report import Report
from tests.postgres import server

SHORT = Plan(
    hours=2,
    cards=800,
    dispatchers=2,
    equal=20,
    greedy=2,
    mean_seconds=900,
    burst_seconds=300,
    storm=4,
    deaths=2,
)
FULL = Plan(
    hours=72, cards=10_000, dispatchers=2, mean_seconds=7200, grid_seconds=60, lease_seconds=60, deaths=12
)


@pytest.fixture
def memory() -> Iterator[Path]:
    """A folder in memory, where a flush costs nothing."""
    shared = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="understudy-", dir=shared if shared.is_dir() else None))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    """Tasks are left behind by the hundred here."""
    caplog.set_level("ERROR", "understudy")


def check(plan: Plan, report: Report) -> None:
    """What has to be true of every simulation."""
    assert (report.other, report.unpaid) == (0, 0), "every task has one end, and one line in the ledger"
    assert report.submitted == report.done + report.killed + report.queued
    assert report.deaths == plan.deaths
    assert report.retried > 0
    assert report.most_limited == plan.limited
    assert report.most_rare <= plan.rare
    assert report.storm_minutes > 60 * plan.hours / 6, "there was a storm long enough to judge"
    assert report.jain > 0.95
    assert 0.9 < report.greed < 1.1, "who asks for more does not get more while others wait"
    assert report.used > 0.95, "a free replica is not left alone while anything waits"


def test_two_hours_of_eight_hundred_cards(memory: Path) -> None:
    report = simulated(SHORT, memory)
    check(SHORT, report)
    assert report.asked["apply"] < 5, "with all that is given back, taken up and killed"


@pytest.mark.fire
@pytest.mark.timeout(600)
async def test_the_same_on_postgresql(memory: Path) -> None:
    url = await server().new_database()
    report = await asyncio.to_thread(simulated, SHORT, memory, url)
    print(report.text())
    check(SHORT, report)


@pytest.mark.fire
@pytest.mark.timeout(3600)
def test_three_days_of_ten_thousand_cards(memory: Path) -> None:
    report = simulated(FULL, memory)
    print(report.text())
    check(FULL, report)
    assert report.jain > 0.99


def test_virtual_time_jumps_and_waits_for_what_is_outside() -> None:
    async def work() -> tuple[float, float]:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        sleeping = asyncio.create_task(asyncio.sleep(3600))
        answer = loop.create_future()
        reader, writer = os.pipe()
        loop.add_reader(reader, lambda: answer.set_result(os.read(reader, 1)))
        os.write(writer, b"x")
        await loop.outside(answer)
        outside = loop.time()
        loop.remove_reader(reader)
        os.close(reader)
        os.close(writer)
        await sleeping
        return outside, loop.time()

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        outside, end = runner.run(work())
    assert outside == 0.0
    assert end == pytest.approx(3600)


def test_jains_index() -> None:
    assert jain([3, 3, 3]) == 1
    assert jain([9, 0, 0]) == pytest.approx(1 / 3)
