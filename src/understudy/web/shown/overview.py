"""What an installation does at the moment, as figures: out of samples, counts and reports. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Literal, NamedTuple

import msgspec

from understudy.tasks.operations.records import CardReport, Report, Sample
from understudy.tasks.operations.sampling import SAMPLE_SECONDS
from understudy.tasks.store.browsing import Stage
from understudy.web.shown.words import dollars, duration, number, size

GAP_SECONDS = 3 * SAMPLE_SECONDS
"""Between two samples: if more time has passed, nobody knows what was there."""
LONG_SECONDS, TOO_LONG_SECONDS = 300.0, 1800.0
"""What the oldest task has waited when that is worth a look, and when something is wrong."""
FEW_SUCCEED, TOO_FEW_SUCCEED = 0.95, 0.8
"""Which share of runs succeeds when that is worth a look, and when something is wrong."""
JUDGED_RUNS = 5
"""A share of fewer runs says nothing."""

STATES: Mapping[str, tuple[Stage, str]] = {
    "starting": ("waiting", "Starting"),
    "idle": ("done", "Idle"),
    "busy": ("running", "Busy"),
    "stopping": ("cancelled", "Stopping"),
    "backing-off": ("failed", "Backing off"),
    "waiting": ("waiting", "Waits for room"),
}
"""Of replicas: their colour, and in words."""


class Span(NamedTuple):
    """How far back the charts go; seconds."""

    name: Literal["hour", "day"]
    seconds: float
    bin: float
    """What is counted together."""
    step: float
    """Of a line: the points in so much time are one; 0: each is its own."""
    tick: float


HOUR = Span("hour", 3600.0, 300.0, 0.0, 900.0)
DAY = Span("day", 86400.0, 3600.0, 600.0, 21600.0)


class Ended(NamedTuple):
    """How many tasks ended between two samples."""

    begin: float
    end: float
    clips: int
    failures: int

    @property
    def middle(self) -> float:
        """The time that they are counted at."""
        return (self.begin + self.end) / 2


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One figure with its name, and a line below it."""

    label: str
    value: str
    more: str = ""
    state: Literal["", "good", "warn", "bad"] = ""
    href: str = ""


def ended(samples: Sequence[Sample]) -> list[Ended]:
    """How many tasks ended between each two samples; nothing for a gap, and where a count went back."""
    return [
        Ended(one.at, other.at, other.succeeded - one.succeeded, other.failed - one.failed)
        for one, other in pairwise(samples)
        if not _is_gap(one, other)
    ]


def gaps(samples: Sequence[Sample]) -> list[tuple[float, float]]:
    """From when to when nobody counted."""
    return [(one.at, other.at) for one, other in pairwise(samples) if _is_gap(one, other)]


def figures(
    now: Sample, counted: Sequence[Ended], span: Span, reports: Sequence[Report], spent: Decimal
) -> list[Figure]:
    """What is seen at a glance. `now`: the present; `spent`: US dollars since midnight (UTC)."""
    return [
        Figure(
            label="Waiting",
            value=number(now.queued),
            more=f"the oldest for {duration(now.oldest)}" if now.queued else "nothing in the queue",
            state=_too_high(now.oldest, LONG_SECONDS, TOO_LONG_SECONDS),
            href="/operate/tasks?stage=waiting",
        ),
        Figure(
            label="Running",
            value=number(now.running),
            more=_by_engine(reports) if now.running else "nothing at work",
            href="/operate/tasks?stage=running",
        ),
        _clips_per_hour(now, counted),
        _success(now, counted, span),
        Figure(label="Spend today", value=dollars(spent), more="since midnight, UTC"),
        _replicas(now, reports),
        *_cards(cards(reports)),
    ]


def cards(reports: Iterable[Report]) -> list[tuple[str, CardReport]]:
    """The graphics cards with their machines; several processes of a machine see the same ones."""
    found = {(report.host, card.name): card for report in reports for card in report.cards}
    return [(host, card) for (host, _), card in sorted(found.items(), key=lambda each: each[0])]


def _is_gap(one: Sample, other: Sample) -> bool:
    went_back = other.succeeded < one.succeeded or other.failed < one.failed
    return other.at - one.at > GAP_SECONDS or went_back


def _clips_per_hour(now: Sample, counted: Sequence[Ended]) -> Figure:
    lately = [each for each in counted if each.middle >= now.at - HOUR.seconds]
    known = sum(each.end - each.begin for each in lately)
    if not known:
        return Figure(label="Clips per hour", value="–", more="counted from now on")
    # Samples are not taken to the second.
    whole = known > HOUR.seconds - 2 * GAP_SECONDS
    return Figure(
        label="Clips per hour",
        value=number(sum(each.clips for each in lately)),
        more="in the last hour" if whole else f"in {max(1, round(known / 60))} known minutes",
        href="/operate/tasks?stage=done",
    )


def _success(now: Sample, counted: Sequence[Ended], span: Span) -> Figure:
    lately = [each for each in counted if each.middle >= now.at - span.seconds]
    clips, failures = sum(each.clips for each in lately), sum(each.failures for each in lately)
    runs = clips + failures
    if not runs:
        return Figure(label="Success rate", value="No runs", more=f"in the last {span.name}")
    share = clips / runs
    shown = f"{share:.1%}" if share == 1 else f"{min(share, 0.999):.1%}"
    state = _too_high(1 - share, 1 - FEW_SUCCEED, 1 - TOO_FEW_SUCCEED) if runs >= JUDGED_RUNS else ""
    return Figure(
        label="Success rate",
        value=shown.replace(".0%", "%"),
        more=f"{number(clips)} of {number(runs)}, last {span.name}",
        state=state,
        href="/operate/tasks?stage=failed" if failures else "",
    )


def _replicas(now: Sample, reports: Sequence[Report]) -> Figure:
    states = Counter(each.state for report in reports for each in report.replicas)
    said = [f"{count} {STATES[state][1].lower()}" for state, count in states.most_common(3)]
    if now.memory:
        said.append(size(now.memory))
    return Figure(
        label="Replicas",
        value=number(now.replicas),
        more=", ".join(said) or "none is loaded",
        href="/operate/engines",
    )


def _cards(found: Sequence[tuple[str, CardReport]]) -> list[Figure]:
    if not found:
        return []
    used, total = sum(card.used for _, card in found), sum(card.total for _, card in found)
    return [
        Figure(
            label="Graphics memory",
            value=size(used),
            more=f"of {size(total)} on {len(found)} card{'s' if len(found) > 1 else ''}",
        )
    ]


def _by_engine(reports: Sequence[Report]) -> str:
    running: Counter[str] = Counter()
    for report in reports:
        running.update(report.running)
    named = [f"{count} on {engine or 'no engine'}" for engine, count in running.most_common(3) if count]
    return ", ".join(named)


def _too_high(value: float, warn: float, bad: float) -> Literal["", "warn", "bad"]:
    # Shares of whole numbers are a hair off.
    return "bad" if value > bad + 1e-9 else "warn" if value > warn + 1e-9 else ""
