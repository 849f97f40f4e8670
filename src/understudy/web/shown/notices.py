"""What an operator has to hear of: nobody takes up tasks, tasks wait in vain, versions differ, something is retired. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from understudy.engines.retirement import Ending
from understudy.tasks.operations.records import EngineReport, Hold, Report

_SHOWN = 5


class Notice(NamedTuple):
    """One thing to hear of, and where to go about it."""

    text: str
    href: str = ""
    act: str = ""
    """What is found there."""
    grave: bool = False


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """What waits for a model, and who could play it, the preferred engine first."""

    model: str
    number: int
    engines: tuple[str, ...]


def notices(
    waiting: Iterable[Waiting],
    reports: Sequence[Report],
    held: Mapping[str, Hold],
    endings: Iterable[Ending],
) -> list[Notice]:
    """The gravest first."""
    if not reports:
        return [Notice("Nothing takes up tasks: start a dispatcher.", grave=True), *_retired(endings)]
    return [*_in_vain(waiting, reports, held), *_versions(reports), *_retired(endings)]


def _in_vain(
    waiting: Iterable[Waiting], reports: Sequence[Report], held: Mapping[str, Hold]
) -> Iterable[Notice]:
    found = []
    for each in sorted(waiting, key=lambda each: (-each.number, each.model)):
        if why := _why(each, reports, held):
            tasks = "1 task waits" if each.number == 1 else f"{each.number} tasks wait"
            found.append(Notice(f"{tasks} for {each.model}: {why}.", "/operate/engines", "See the engines"))
    if len(found) > _SHOWN:
        rest = Notice(
            f"So it is with {len(found) - _SHOWN} more models.", "/operate/engines", "See the engines"
        )
        return [*found[:_SHOWN], rest]
    return found


def _why(waiting: Waiting, reports: Sequence[Report], held: Mapping[str, Hold]) -> str:
    """Why nobody takes them up; "" if somebody does. As a cast chooses: who is drained or away is passed over."""
    passed = []
    for name in waiting.engines:
        said = [each for report in reports for each in report.engines if each.name == name]
        if held.get(name) == "drained":
            passed.append(f"{name} is drained by an operator")
        elif said and not any(each.available for each in said):
            passed.append(f"{name} is not available ({_reason(said[0])})")
        elif held.get(name) == "paused":
            return f"{name} is paused by an operator"
        else:
            return ""
    return "; ".join(passed) or "no engine is cast for it"


def _reason(said: EngineReport) -> str:
    return said.reason.rstrip(".") or "it does not say why"


def _versions(reports: Sequence[Report]) -> Iterable[Notice]:
    hosts: dict[str, list[str]] = {}
    for report in reports:
        hosts.setdefault(report.version, []).append(report.host)
    if len(hosts) < 2:
        return []
    said = [f"{version} on {', '.join(sorted(set(those)))}" for version, those in sorted(hosts.items())]
    return [Notice(f"The processes run different versions: {'; '.join(said)}. Bring them to the same one.")]


def _retired(endings: Iterable[Ending]) -> Iterable[Notice]:
    for each in endings:
        page = (
            ("/operate/engines", "See the engines")
            if each.what == "engine"
            else ("/operate/models", "See the models")
        )
        yield Notice(f"{each.name}: {each.sentence}", *page)
