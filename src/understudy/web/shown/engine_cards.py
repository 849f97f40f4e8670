"""Engines as operators see them: out of the cast, of what processes report, and of what was decided. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date

import msgspec

from understudy.engines.cast import Described
from understudy.engines.retirement import warnings
from understudy.tasks.operations.records import Decision, DecisionKind, ReplicaReport, Report
from understudy.tasks.records import Queue

UNLOAD_SHOWN_SECONDS = 600.0
"""How long a card says that somebody had the engine unloaded."""

STATES: Mapping[str, tuple[str, str]] = {
    "starting": ("Loading", "waiting"),
    "idle": ("Ready", "done"),
    "busy": ("Working", "running"),
    "stopping": ("Stopping", "cancelled"),
    "backing-off": ("Broke down, starts again soon", "failed"),
    "waiting": ("Waits for room", "waiting"),
}
"""Of replicas: the words, and the mark's colour."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """Whether an engine can play, as some hosts say."""

    available: bool
    reason: str
    remedy: str
    hosts: tuple[str, ...] = ()


class Placed(msgspec.Struct, frozen=True, kw_only=True):
    """A replica, and where it is."""

    replica: ReplicaReport
    host: str
    words: str
    mark: str


class EngineCard(msgspec.Struct, frozen=True, kw_only=True):
    """One engine."""

    about: Described
    hold: Decision | None
    """Who paused or drained it."""
    unload: Decision | None
    """Who had it unloaded a moment ago."""
    ending: str
    """What to tell of its end date, if that is near."""
    verdicts: tuple[Verdict, ...]
    """One, if all processes agree."""
    replicas: tuple[Placed, ...]
    running: int
    waiting: int
    """Tasks that wait for the models that it plays."""

    @property
    def state(self) -> tuple[str, str]:
        """In a word or two, and the mark's colour."""
        if self.hold:
            return ("Drained" if self.hold.value == "drained" else "Paused"), "waiting"
        able = [verdict.available for verdict in self.verdicts]
        if all(able):
            return "Available", "done"
        return ("Available in places", "waiting") if any(able) else ("Not available", "failed")


def engine_cards(
    described: Sequence[Described],
    reports: Sequence[Report],
    standing: Mapping[tuple[DecisionKind, str], Decision],
    queue: Mapping[str, Queue],
    now: float,
    today: date,
) -> list[EngineCard]:
    """A card for each engine, in the order of their names. `now` in Unix seconds."""
    ends = {each.name: each.ends for each in described if each.ends is not None}
    endings = {each.name: each.sentence for each in warnings(today, ends, ())}
    cards = []
    for about in described:
        unload = standing.get(("unload", about.name))
        cards.append(
            EngineCard(
                about=about,
                hold=standing.get(("hold", about.name)),
                unload=unload if unload and now - unload.at < UNLOAD_SHOWN_SECONDS else None,
                ending=endings.get(about.name, ""),
                verdicts=_verdicts(about, reports),
                replicas=_replicas(about.name, reports),
                running=sum(report.running.get(about.name, 0) for report in reports),
                waiting=sum(queue[address].number for address in about.models if address in queue),
            )
        )
    return cards


def _verdicts(about: Described, reports: Sequence[Report]) -> tuple[Verdict, ...]:
    """What the processes that run tasks say; where there is none, what this one says."""
    hosts: dict[tuple[bool, str, str], dict[str, None]] = {}
    for report in reports:
        for each in report.engines:
            if each.name == about.name:
                hosts.setdefault((each.available, each.reason, each.remedy), {})[report.host] = None
    if not hosts:
        return (Verdict(available=about.available, reason=about.reason, remedy=about.remedy),)
    return tuple(
        Verdict(
            available=available,
            reason=reason,
            remedy=remedy,
            hosts=tuple(where) if len(hosts) > 1 else (),
        )
        for (available, reason, remedy), where in hosts.items()
    )


def _replicas(name: str, reports: Sequence[Report]) -> tuple[Placed, ...]:
    return tuple(
        Placed(
            replica=each,
            host=each.node or report.host,
            words=STATES[each.state][0],
            mark=STATES[each.state][1],
        )
        for report in reports
        for each in report.replicas
        if each.engine == name
    )
