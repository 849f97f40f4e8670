"""The charts of the overview, out of samples and of what was spent. Pure."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import groupby, pairwise
from typing import NamedTuple

from understudy.tasks.operations.records import Sample, Spent
from understudy.web.shown.charts import (
    Bin,
    Chart,
    Entry,
    Frame,
    Kind,
    Line,
    Mark,
    Point,
    bars,
    ceiling,
    ceiling_of_time,
    clock,
    line,
    marks,
    ticks,
)
from understudy.web.shown.overview import GAP_SECONDS, Ended, Span, ended, gaps
from understudy.web.shown.words import dollars, duration, number, size

_UNKNOWN = "no figures"
_DAY_HOURS = 24


class Row(NamedTuple):
    """What was in one bin: the highest values of lines, and sums of counts; None: nobody knows."""

    begin: float
    end: float
    waiting: int | None
    running: int | None
    oldest: float | None
    memory: int | None
    clips: int | None
    failures: int | None

    @property
    def time(self) -> str:
        """From when to when (UTC)."""
        return f"{clock(self.begin)}–{clock(self.end)}"


class Shown(NamedTuple):
    """All charts, and the same figures as rows, the latest first."""

    charts: tuple[Chart, ...]
    rows: tuple[Row, ...]
    spent: tuple[tuple[str, Decimal], ...]
    """By hours of the day."""


def frame_of(span: Span, now: float) -> Frame:
    """Up to the end of the bin that is being filled."""
    end = (now // span.bin + 1) * span.bin
    return Frame(end - span.seconds, end)


def shown(samples: Sequence[Sample], span: Span, now: float, spent: Sequence[Spent]) -> Shown:
    """`samples`: the oldest first, the last one is the present. `spent`: by hours since midnight (UTC)."""
    frame = frame_of(span, now)
    inside = [each for each in samples if frame.begin <= each.at <= frame.end]
    pauses = [gap for gap in gaps(samples) if gap[1] - gap[0] > GAP_SECONDS]
    runs = [_thinned(run, span.step) for run in _runs(inside)]
    drawing = _Drawing(
        samples=samples,
        span=span,
        frame=frame,
        # The present alone would be a speck.
        runs=runs if len(inside) > 1 else [],
        rows=_rows([peak for run in runs for peak in run], ended(samples), span, frame),
        pauses=marks([(*pause, _UNKNOWN) for pause in pauses], frame),
    )
    found = [_queue(drawing), _ended(drawing), _oldest(drawing)]
    if drawing.most("memory"):
        found.append(_memory(drawing))
    found.append(_spending(spent, now))
    hours = tuple((f"{each.hour % _DAY_HOURS:02}:00", each.amount) for each in reversed(spent))
    return Shown(tuple(found), tuple(reversed(drawing.rows)), hours)


class _Peak(NamedTuple):
    """The highest values of a few samples, at the time of the last one."""

    at: float
    waiting: int
    running: int
    oldest: float
    memory: int


class _Drawing(NamedTuple):
    samples: Sequence[Sample]
    span: Span
    frame: Frame
    runs: Sequence[Sequence[_Peak]]
    """What lines go through; empty if there is nothing but the present."""
    rows: Sequence[Row]
    pauses: tuple[Mark, ...]
    """When no sample was taken."""

    def line(self, kind: Kind, name: str, top: float, *, filled: bool = False) -> Line:
        """Of one field of the peaks."""
        runs = [[Point(peak.at, getattr(peak, name)) for peak in run] for run in self.runs]
        return line(kind, runs, self.frame, top, filled=filled)

    def most(self, name: str) -> float:
        """The highest value that a row has of it; 0 if there is none."""
        return max((getattr(row, name) or 0 for row in self.rows), default=0)

    @property
    def when(self) -> str:
        """From when to when."""
        return f"From {clock(self.frame.begin)} to {clock(self.frame.end)} UTC."

    @property
    def empty(self) -> str:
        """For a chart without any line."""
        return "" if self.runs else "A point is added every minute."


def _queue(drawing: _Drawing) -> Chart:
    now = drawing.samples[-1]
    waiting, running = drawing.most("waiting"), drawing.most("running")
    top = ceiling(max(waiting, running))
    said = [
        (row.begin, row.end, f"{row.time}: at most {row.waiting} waiting, {row.running} running")
        for row in drawing.rows
        if row.waiting is not None
    ]
    return Chart(
        id="queue",
        title="Waiting and running",
        words=f"Tasks that wait and that run. {drawing.when}"
        f" Now {number(now.queued)} waiting and {number(now.running)} running;"
        f" at most {number(waiting)} waiting and {number(running)} running.",
        top=_of(top, "task"),
        ticks=ticks(drawing.frame, drawing.span.tick),
        lines=(
            drawing.line("running", "running", top, filled=True),
            drawing.line("waiting", "waiting", top),
        ),
        gaps=drawing.pauses,
        marks=marks(said, drawing.frame),
        legend=(Entry("waiting", "waiting"), Entry("running", "running")),
        empty=drawing.empty or ("" if waiting or running else "Nothing waited, nothing ran."),
    )


def _ended(drawing: _Drawing) -> Chart:
    known = [row for row in drawing.rows if row.clips is not None]
    clips, failures = sum(row.clips or 0 for row in known), sum(row.failures or 0 for row in known)
    top = ceiling(max(((row.clips or 0) + (row.failures or 0) for row in known), default=0))
    bins = [Bin(row.begin, row.end, (row.clips or 0, row.failures or 0)) for row in known]
    said = [
        (row.begin, row.end, f"{row.time}: {_of(row.clips or 0, 'clip')}, {row.failures} failed")
        for row in known
    ]
    each = "5 minutes" if drawing.span.name == "hour" else "hour"
    nothing = f"No clip was made in the last {drawing.span.name}."
    return Chart(
        id="ended",
        title="Clips and failures",
        words=f"Clips that were made and tasks that failed in each {each}. {drawing.when}"
        f" In all {_of(clips, 'clip')} and {_of(failures, 'failure')}.",
        top=f"{number(top)} in {each if drawing.span.name == 'hour' else 'an hour'}",
        ticks=ticks(drawing.frame, drawing.span.tick),
        bars=bars(("done", "failed"), bins, drawing.frame, top),
        gaps=marks([(*gap, _UNKNOWN) for gap in gaps(drawing.samples)], drawing.frame),
        marks=marks(said, drawing.frame),
        legend=(Entry("done", "clips"), Entry("failed", "failed")),
        empty=drawing.empty or ("" if clips or failures else nothing),
    )


def _oldest(drawing: _Drawing) -> Chart:
    most, now = drawing.most("oldest"), drawing.samples[-1]
    top = ceiling_of_time(most)
    said = [
        (row.begin, row.end, f"{row.time}: up to {duration(row.oldest)}")
        for row in drawing.rows
        if row.oldest is not None
    ]
    return Chart(
        id="oldest",
        title="Oldest wait",
        words=f"How long the oldest task had waited. {drawing.when}"
        f" At most {duration(most)}; {'something' if now.queued else 'nothing'} waits now.",
        top=duration(top).replace(".0 ", " "),
        ticks=ticks(drawing.frame, drawing.span.tick),
        lines=(drawing.line("waiting", "oldest", top, filled=True),),
        gaps=drawing.pauses,
        marks=marks(said, drawing.frame),
        empty=drawing.empty or ("" if most else "Nothing had to wait."),
    )


def _memory(drawing: _Drawing) -> Chart:
    most, now = drawing.most("memory"), drawing.samples[-1]
    top = ceiling(most)
    said = [
        (row.begin, row.end, f"{row.time}: up to {size(row.memory)}")
        for row in drawing.rows
        if row.memory is not None
    ]
    return Chart(
        id="memory",
        title="Memory of replicas",
        words=f"Main memory that all replicas take together. {drawing.when}"
        f" Now {size(now.memory)}; at most {size(most)}.",
        top=size(top).replace(".0 ", " "),
        ticks=ticks(drawing.frame, drawing.span.tick),
        lines=(drawing.line("plain", "memory", top, filled=True),),
        gaps=drawing.pauses,
        marks=marks(said, drawing.frame),
        empty=drawing.empty,
    )


def _spending(spent: Sequence[Spent], now: float) -> Chart:
    midnight = now // 86400 * 86400
    frame = Frame(midnight, midnight + 86400)
    bins = [Bin(each.hour * 3600.0, each.hour * 3600.0 + 3600, (float(each.amount),)) for each in spent]
    top = ceiling(max((float(each.amount) for each in spent), default=0.0) or 1.0, least=0.01)
    total = sum((each.amount for each in spent), Decimal(0))
    said = [(each.begin, each.end, f"{clock(each.begin)}: {dollars(each.values[0])}") for each in bins]
    most = max(spent, key=lambda each: each.amount, default=None)
    peak = f"; the most at {most.hour % _DAY_HOURS:02}:00, {dollars(most.amount)}" if most else ""
    return Chart(
        id="spent",
        title="Spend today, by hour",
        words=f"What tasks have cost in each hour of this day (UTC): {dollars(total)} so far{peak}.",
        top=f"{dollars(top)} an hour",
        ticks=ticks(frame, 21600),
        bars=bars(("plain",), bins, frame, top),
        marks=marks(said, frame),
        empty="" if total else "Nothing was spent today.",
    )


def _runs(samples: Sequence[Sample]) -> list[list[Sample]]:
    """Without the gaps between them."""
    runs = [[each] for each in samples[:1]]
    for before, each in pairwise(samples):
        if each.at - before.at > GAP_SECONDS:
            runs.append([])
        runs[-1].append(each)
    return runs


def _thinned(samples: Sequence[Sample], step: float) -> list[_Peak]:
    """One for each `step` seconds; 0: for each sample."""
    groups = groupby(samples, key=lambda each: each.at // step if step else each.at)
    return [_peak(list(group)) for _, group in groups]


def _peak(samples: Sequence[Sample]) -> _Peak:
    return _Peak(
        at=samples[-1].at,
        waiting=max(each.queued for each in samples),
        running=max(each.running for each in samples),
        oldest=max(each.oldest for each in samples),
        memory=max(each.memory for each in samples),
    )


def _rows(peaks: Sequence[_Peak], counted: Sequence[Ended], span: Span, frame: Frame) -> list[Row]:
    highest: dict[float, list[_Peak]] = {}
    for peak in peaks:
        highest.setdefault(peak.at // span.bin, []).append(peak)
    over: dict[float, list[Ended]] = {}
    for each in counted:
        over.setdefault(each.middle // span.bin, []).append(each)
    first = frame.begin // span.bin
    bins = [first + index for index in range(round(span.seconds / span.bin))]
    return [_row(each * span.bin, span, highest.get(each, ()), over.get(each, ())) for each in bins]


def _row(begin: float, span: Span, peaks: Sequence[_Peak], counted: Sequence[Ended]) -> Row:
    return Row(
        begin=begin,
        end=begin + span.bin,
        waiting=max((each.waiting for each in peaks), default=None),
        running=max((each.running for each in peaks), default=None),
        oldest=max((each.oldest for each in peaks), default=None),
        memory=max((each.memory for each in peaks), default=None),
        clips=sum(each.clips for each in counted) if counted else None,
        failures=sum(each.failures for each in counted) if counted else None,
    )


def _of(count: float, what: str) -> str:
    return f"{number(count)} {what}{'' if count == 1 else 's'}"
