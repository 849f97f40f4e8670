import pytest

from understudy.errors import Cancelled
from understudy.executors.executor import Progress
from understudy.executors.report import Reporter


class Bench:
    """A reporter with a clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 50.0
        self.sent: list[Progress] = []
        self.cancelled = False
        self.report = Reporter(self.sent.append, lambda: self.cancelled, lambda: self.now)

    def at(self, now: float, step: int, total: int, stage: str = "Generate") -> None:
        self.now = 50.0 + now
        self.report(step, total, stage=stage)

    @property
    def steps(self) -> list[int]:
        return [progress.step for progress in self.sent]


def test_speed_and_remaining_time() -> None:
    bench = Bench()
    bench.at(2, 1, 10)
    bench.at(4, 2, 10)
    assert bench.sent[-1] == Progress(
        stage="Generate", step=2, total=10, unit="it", speed=0.5, elapsed=4, remaining=16
    )


def test_step_zero_is_when_a_stage_begins() -> None:
    bench = Bench()
    bench.at(9, 0, 4)
    bench.at(10, 1, 4)
    assert [(each.speed, each.remaining) for each in bench.sent] == [(0, 0), (1, 3)]


def test_a_stage_begins_where_the_one_before_ended() -> None:
    bench = Bench()
    bench.at(5, 1, 1, "Encode text")
    bench.at(6, 1, 3)
    assert (bench.sent[-1].elapsed, bench.sent[-1].speed, bench.sent[-1].remaining) == (1, 1, 2)


def test_twenty_events_a_second_but_the_first_and_the_last() -> None:
    bench = Bench()
    for step in range(1, 1001):
        bench.at(step / 1000, step, 1000)
    assert bench.steps[0] == 1
    assert bench.steps[-1] == 1000
    assert 19 <= len(bench.steps) <= 22


def test_the_last_step_counts_once() -> None:
    bench = Bench()
    for _ in range(5):
        bench.at(1, 3, 3)
    assert bench.steps == [3]


def test_stops_a_cancelled_run_even_between_events() -> None:
    bench = Bench()
    bench.at(1, 1, 100)
    bench.cancelled = True
    with pytest.raises(Cancelled):
        bench.at(1.001, 2, 100)
    assert bench.steps == [1]


def test_stops_who_reports_after_the_end() -> None:
    bench = Bench()
    bench.report.end()
    with pytest.raises(Cancelled):
        bench.at(1, 1, 1)


def test_the_same_step_again_is_no_news_but_may_stop_the_run() -> None:
    bench = Bench()
    bench.at(0, 0, 3)
    for tenth in range(1, 30):
        bench.at(tenth / 10, 0, 3)
    bench.at(3, 1, 3)
    bench.at(3.5, 1, 3)
    assert bench.steps == [0, 1]
    bench.cancelled = True
    with pytest.raises(Cancelled):
        bench.at(3.6, 1, 3)


def test_a_step_that_came_too_soon_is_told_when_it_is_repeated() -> None:
    bench = Bench()
    bench.at(0, 1, 9)
    bench.at(0.01, 2, 9)
    bench.at(0.2, 2, 9)
    assert bench.steps == [1, 2]
