"""From numbers to the shapes of a chart. Pure.

Shapes lie in a plane of 1000 by 100 that a page stretches over whatever room there is: x from left to right, y from top
to bottom. Texts are placed by percent, so that they are not stretched with it.
"""

import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Literal, NamedTuple

import msgspec

WIDTH, HEIGHT = 1000.0, 100.0
_LEAST = 2.0
"""The height of the lowest bar: what is not zero is seen."""
_ROUND = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)
_ROUND_SECONDS = (10, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400)

Kind = Literal["running", "waiting", "done", "failed", "plain"]
"""What something stands for; style sheets give it a colour."""


class Frame(NamedTuple):
    """The time that a chart spans, in Unix seconds."""

    begin: float
    end: float

    def x(self, at: float) -> float:
        """Where a time is, from 0 to 1000; what lies outside is at the edge."""
        share = (at - self.begin) / (self.end - self.begin)
        return round(WIDTH * min(1.0, max(0.0, share)), 1)


class Point(NamedTuple):
    """A value at a time."""

    at: float
    value: float


class Bin(NamedTuple):
    """What was counted in a piece of time; no values: nobody knows."""

    begin: float
    end: float
    values: tuple[float, ...] = ()


class Line(NamedTuple):
    """Paths of SVG: the line, and what lies below it if that is filled."""

    kind: Kind
    path: str
    area: str = ""


class Box(NamedTuple):
    """A rectangle."""

    kind: Kind
    x: float
    y: float
    width: float
    height: float


class Mark(NamedTuple):
    """What is said where the pointer is."""

    x: float
    width: float
    words: str


class Tick(NamedTuple):
    """A time below the chart."""

    place: str
    """In percent of the width."""
    anchor: Literal["start", "middle", "end"]
    text: str


class Entry(NamedTuple):
    """What a colour stands for."""

    kind: Kind
    text: str


class Chart(msgspec.Struct, frozen=True, kw_only=True):
    """All of it, to be drawn."""

    id: str
    title: str
    words: str
    """What it shows, for those who do not see it."""
    top: str
    """What its upper edge stands for, with the unit."""
    ticks: tuple[Tick, ...]
    lines: tuple[Line, ...] = ()
    bars: tuple[Box, ...] = ()
    gaps: tuple[Mark, ...] = ()
    """Times that nobody knows anything of."""
    marks: tuple[Mark, ...] = ()
    legend: tuple[Entry, ...] = ()
    empty: str = ""
    """What is said in its middle, if there is nothing to see."""


def ceiling(value: float, least: float = 1.0) -> float:
    """A round number that is not below the value."""
    value = max(value, least)
    power = 10.0 ** math.floor(math.log10(value))
    # Not by the power alone: 3 * 0.1 is above 0.3.
    return next(each * power for each in _ROUND if each * power >= value * (1 - 1e-9))


def ceiling_of_time(seconds: float) -> float:
    """A round time that is not below this one."""
    days = 86400.0 * ceiling(math.ceil(seconds / 86400.0))
    return next((float(each) for each in _ROUND_SECONDS if each >= seconds), days)


def line(
    kind: Kind, runs: Iterable[Sequence[Point]], frame: Frame, top: float, *, filled: bool = False
) -> Line:
    """A line through each run of points; between two runs there is none."""
    paths, areas = [], []
    for run in runs:
        places = [
            f"{frame.x(at):g} {_y(value, top):g}" for at, value in run if frame.begin <= at <= frame.end
        ]
        if not places:
            continue
        # A line of no length is a dot: its ends are round.
        paths.append(f"M{'L'.join(places)}" if len(places) > 1 else f"M{places[0]}h0")
        first, last = places[0].split()[0], places[-1].split()[0]
        areas.append(f"M{first} {HEIGHT:g}L{'L'.join(places)}L{last} {HEIGHT:g}Z")
    return Line(kind, "".join(paths), "".join(areas) if filled else "")


def bars(kinds: Sequence[Kind], bins: Sequence[Bin], frame: Frame, top: float) -> tuple[Box, ...]:
    """A bar for each bin, its values on top of each other; the first one is the lowest."""
    boxes = []
    for each in bins:
        x, right = frame.x(each.begin), frame.x(each.end)
        room = (right - x) * 0.2
        y = HEIGHT
        for kind, value in zip(kinds, each.values, strict=False):
            if value > 0:
                height = round(max(_LEAST, HEIGHT * value / top), 1)
                y = max(0.0, round(y - height, 1))
                boxes.append(Box(kind, round(x + room / 2, 1), y, round(right - x - room, 1), height))
    return tuple(boxes)


def marks(said: Sequence[tuple[float, float, str]], frame: Frame) -> tuple[Mark, ...]:
    """What is said between two times, where the chart spans them."""
    places = [(frame.x(begin), frame.x(end), words) for begin, end, words in said]
    return tuple(Mark(x, round(right - x, 1), words) for x, right, words in places if right > x)


def ticks(frame: Frame, step: float) -> tuple[Tick, ...]:
    """Times of the clock (UTC), every `step` seconds, the edges included."""
    first = math.ceil(frame.begin / step)
    found = []
    for number in range(first, math.floor(frame.end / step) + 1):
        percent = frame.x(number * step) / WIDTH * 100
        anchor: Literal["start", "middle", "end"] = (
            "start" if percent < 5 else "end" if percent > 95 else "middle"
        )
        found.append(Tick(f"{percent:g}%", anchor, clock(number * step)))
    return tuple(found)


def clock(at: float) -> str:
    """The time of day (UTC): `14:05`."""
    return f"{datetime.fromtimestamp(at, UTC):%H:%M}"


def _y(value: float, top: float) -> float:
    return round(HEIGHT * (1 - min(1.0, max(0.0, value / top))), 1)
