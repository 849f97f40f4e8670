"""What a task has gone through, and how long each part of it lasted, from its times. Pure."""

from itertools import pairwise
from typing import Literal

import msgspec

from understudy.tasks.about import outcome_of
from understudy.tasks.lifecycle import Status, is_terminal
from understudy.tasks.records import Task

PartName = Literal["waiting", "preparing", "loading", "running", "finishing"]
Mark = Literal["", "now", "done", "failed", "stopped"]
"""Of the last part: it lasts, or it ended so."""

LENGTH = 1000.0
"""Of the whole bar, in units of its drawing."""
_LEAST = 10.0
"""Of a part that took no time to speak of."""

_LABELS: dict[PartName, str] = {
    "waiting": "In the queue",
    "preparing": "Preparing",
    "loading": "Loading",
    "running": "Running",
    "finishing": "Finishing",
}
_MARKS: dict[str, Mark] = {"": "now", "succeeded": "done", "failed": "failed", "cancelled": "stopped"}


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One stretch of the way."""

    name: PartName
    label: str
    at: float
    """When it began, in Unix seconds."""
    seconds: float
    """How long it took, or has taken until now."""
    x: float
    """Where it begins on the bar, and how wide it is there, out of `LENGTH`: what took longer is wider, and all are seen."""
    width: float
    mark: Mark = ""


class Timeline(msgspec.Struct, frozen=True):
    """The whole way so far."""

    parts: tuple[Part, ...]
    seconds: float


def timeline_of(task: Task, now: float) -> Timeline:
    """The parts that the task has reached, the last one up to its end, or to `now` as long as it has none.

    The times of an attempt that was given back to the queue are not kept: it counts as waiting, and the label says so.
    """
    reached = _reached(task)
    end = max(_end(task, now), reached[-1][1])
    spans = [max(0.0, after - at) for (_, at), (_, after) in pairwise([*reached, ("", end)])]
    total = sum(spans)
    mark = _MARKS[outcome_of(task)]
    parts: list[Part] = []
    x = 0.0
    for (name, at), seconds in zip(reached, spans, strict=True):
        share = seconds / total if total else 1 / len(spans)
        width = _LEAST + (LENGTH - _LEAST * len(spans)) * share
        parts.append(
            Part(
                name=name,
                label=_label(task, name),
                at=at,
                seconds=seconds,
                x=round(x, 2),
                width=round(width, 2),
                mark=mark if len(parts) == len(spans) - 1 else "",
            )
        )
        x += width
    return Timeline(tuple(parts), total)


def _reached(task: Task) -> list[tuple[PartName, float]]:
    begun: list[tuple[PartName, float]] = [
        ("waiting", task.created),
        ("preparing", task.accepted),
        ("loading", task.assigned),
        ("running", task.started),
        ("finishing", task.ended),
    ]
    # A failure ends the part in which it happened: nothing was finished after it.
    if task.status == Status.ERROR or (outcome_of(task) == "failed" and task.postprocess_ended <= task.ended):
        begun.pop()
    return [(name, at) for name, at in begun if at or name == "waiting"]


def _end(task: Task, now: float) -> float:
    if not is_terminal(task.status):
        return now
    return {Status.CANCEL: task.cancelled, Status.ERROR: task.ended}.get(
        Status(task.status), task.postprocess_ended
    )


def _label(task: Task, name: PartName) -> str:
    before = task.attempts - (1 if task.accepted else 0)
    if name != "waiting" or before <= 0:
        return _LABELS[name]
    return f"{_LABELS[name]}, with {'an earlier attempt' if before == 1 else f'{before} earlier attempts'}"
