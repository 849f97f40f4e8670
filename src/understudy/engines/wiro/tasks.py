"""The server's task objects, read. Pure."""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import PurePath
from typing import Any, Final

import msgspec

from understudy.engines.addresses import canonical
from understudy.engines.behind import behind
from understudy.engines.mappings.wiro import Run
from understudy.engines.partner import Standing
from understudy.engines.wiro.answers import objects, text
from understudy.engines.words import one_line

_POLL_QUEUED: Final = 2.0
_POLL_RUNNING: Final = 1.0
_SUFFIX: Final = re.compile(r"\.[a-z0-9]{1,8}")
_MOST_DOLLARS: Final = 1_000_000
_CLOCKS_DIFFER: Final = 5.0
"""Seconds by which the server's clock may be behind ours."""


class Made(msgspec.Struct, frozen=True):
    """A file that a task made."""

    suffix: str
    """That of its name, if it is fit for ours."""
    url: str


def standing(task: Mapping[str, Any], hidden: Iterable[str] = ()) -> Standing:
    """How a task stands; the statuses are those of the protocol, and `hidden` is in no reason.

    The reason of one that is done says who played it there: nobody shall take a preview for something else.
    """
    status = text(task, "status")
    if status == "task_queue":
        return Standing(state="queued", poll_after=_POLL_QUEUED)
    if status not in ("task_postprocess_end", "task_cancel", "task_error"):
        return Standing(state="running", poll_after=_POLL_RUNNING)
    cost = _money(task)
    charged = None if cost is None else cost > 0
    if status == "task_postprocess_end" and text(task, "pexit") in ("0", ""):
        played = behind(task.get("engine"), hidden=hidden)
        return Standing(
            state="done",
            progress=100.0,
            reason=played.sentence,
            preview=played.preview,
            charged=charged,
            cost=cost,
        )
    reason = one_line(_why(task, status), hidden=hidden)
    return Standing(state="failed", reason=reason, charged=charged, cost=cost)


def made(task: Mapping[str, Any]) -> tuple[Made, ...]:
    """Its outputs, in their order; those without an address are left out."""
    return tuple(
        Made(_suffix(text(each, "name")), text(each, "url"))
        for each in objects(task, "outputs")
        if each.get("url")
    )


def is_of(task: Mapping[str, Any], run: Run, placed: float) -> bool:
    """Whether the task may come from `run`, sent at or after `placed` (Unix seconds).

    Of files it is only known that there are some: the server shows addresses of its own.
    """
    address = f"{text(task, 'modelslugowner')}/{text(task, 'modelslugproject')}"
    shown = task.get("parameters")
    parameters = shown if isinstance(shown, Mapping) else {}
    return (
        canonical(address) == canonical(run.model)
        and _created(task) >= _earliest(placed)
        and all(_same(value, text(parameters, name)) for name, value in run.fields.items())
        and all(parameters.get(name) for name, _ in run.files)
    )


def reach_before(tasks: Iterable[Mapping[str, Any]], placed: float) -> bool:
    """Whether one of the tasks was made too early to come from a request of `placed`."""
    return any(_created(task) < _earliest(placed) for task in tasks)


def _suffix(name: str) -> str:
    suffix = PurePath(name).suffix.lower()
    return suffix if _SUFFIX.fullmatch(suffix) else ""


def _created(task: Mapping[str, Any]) -> float:
    """Unix seconds; 0 if the task does not say."""
    return _number(text(task, "createtime")) or 0.0


def _earliest(placed: float) -> float:
    # Times come in whole seconds.
    return int(placed - _CLOCKS_DIFFER)


def _same(sent: str, shown: str) -> bool:
    if sent.split() == shown.split():
        return True
    number = _number(sent)
    return number is not None and number == _number(shown)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _money(task: Mapping[str, Any]) -> Decimal | None:
    """US dollars; None if the task does not say, or says what no task can cost."""
    try:
        cost = Decimal(text(task, "totalcost"))
    except InvalidOperation:
        return None
    return cost if cost.is_finite() and 0 <= cost <= _MOST_DOLLARS else None


def _why(task: Mapping[str, Any], status: str) -> str:
    lines = [line for line in text(task, "debugerror").splitlines() if line.strip()]
    if lines:
        return f"The server behind this one says: {lines[-1]}"
    if status == "task_cancel":
        return "The task was stopped at the server behind this one."
    return "The task failed at the server behind this one; it gives no reason."
