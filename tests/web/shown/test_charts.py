"""From numbers to shapes."""

import pytest

from understudy.web.shown.charts import (
    Bin,
    Box,
    Frame,
    Mark,
    Point,
    Tick,
    bars,
    ceiling,
    ceiling_of_time,
    line,
    marks,
    ticks,
)

FRAME = Frame(1000.0, 2000.0)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, 1), (1, 1), (2, 2), (7, 8), (10, 10), (11, 12), (26, 30), (101, 120), (3.3e9, 4e9)],
)
def test_a_round_number_above(value: float, expected: float) -> None:
    assert ceiling(value) == pytest.approx(expected)


@pytest.mark.parametrize("value", [0.01, 0.03, 0.3, 0.6, 3.0])
def test_what_is_round_stays(value: float) -> None:
    assert ceiling(value, least=0.01) == pytest.approx(value)


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0, 10), (11, 20), (61, 120), (3601, 7200), (90000, 172800), (1e6, 1036800)]
)
def test_a_round_time_above(seconds: float, expected: float) -> None:
    assert ceiling_of_time(seconds) == expected


def test_a_line_is_interrupted_between_runs() -> None:
    runs = [[Point(1000, 0), Point(1100, 5)], [Point(1500, 10), Point(1600, 0)]]
    drawn = line("running", runs, FRAME, 10, filled=True)
    assert drawn.path == "M0 100L100 50M500 0L600 100"
    assert drawn.area == "M0 100L0 100L100 50L100 100ZM500 100L500 0L600 100L600 100Z"


def test_a_point_alone_is_a_dot_and_what_lies_outside_is_not_drawn() -> None:
    drawn = line("running", [[Point(900, 3), Point(1500, 1), Point(2001, 3)], [Point(2002, 3)]], FRAME, 2)
    assert (drawn.path, drawn.area) == ("M500 50h0", "")
    assert line("running", [], FRAME, 2).path == ""


def test_bars_stand_on_each_other_and_the_lowest_is_seen() -> None:
    bins = [Bin(1000, 1100, (3, 1)), Bin(1100, 1200), Bin(1200, 1300, (0, 0)), Bin(1900, 2000, (0.001,))]
    assert bars(("done", "failed"), bins, FRAME, 4) == (
        Box("done", 10, 25, 80, 75),
        Box("failed", 10, 0, 80, 25),
        Box("done", 910, 98, 80, 2),
    )


def test_marks_end_at_the_edges() -> None:
    said = [(0, 1100, "early"), (1900, 2500, "late"), (0, 900, "before")]
    assert marks(said, FRAME) == (Mark(0, 100, "early"), Mark(900, 100, "late"))


def test_ticks_are_times_of_the_clock_and_stay_inside() -> None:
    assert ticks(Frame(0, 7200), 3600) == (
        Tick("0%", "start", "00:00"),
        Tick("50%", "middle", "01:00"),
        Tick("100%", "end", "02:00"),
    )
    assert [tick.text for tick in ticks(Frame(300, 7100), 3600)] == ["01:00"]
