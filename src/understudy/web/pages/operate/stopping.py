"""Stopping many tasks at once: all that fit a filter, after a look at how many there are, in slices."""

import asyncio
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import msgspec
from starlette.responses import Response

from understudy.errors import InvalidInput
from understudy.tasks.lifecycle import Status
from understudy.tasks.records import Task
from understudy.tasks.store.browsing import TaskFilter
from understudy.web.forms import number_of
from understudy.web.pages.operate.task import stop
from understudy.web.pages.operate.tasks import asked_of, names_of, wanted_by
from understudy.web.pages.page import Call, Page

_SLICE = 200
"""Tasks that one request stops."""
_AT_ONCE = 32
_OVER = ("done", "failed", "cancelled")


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What was confirmed, and how far it is carried out; it comes back with every slice."""

    number: int
    """Tasks that fitted when it was confirmed."""
    upto: int
    """The newest task of that moment: later ones are left alone."""
    at: float
    """That moment, in Unix seconds."""
    running_too: bool
    stopped: int = 0
    """So far."""


async def _ask(call: Call) -> Response:
    wanted = wanted_by(call)
    if refused := _refusal(call, wanted):
        return await _refuse(call, wanted, refused)
    # The newest one first: what comes in between is counted, perhaps, and not stopped.
    newest = (await call.parts.store.browsing.look(TaskFilter(), limit=1)).tasks
    found = await call.parts.store.browsing.count_open(wanted)
    return call.page(
        "operate/stopping.html",
        **await _about(call, wanted),
        refused="",
        waiting=found["waiting"],
        running=found["running"],
        upto=newest[0].id if newest else 0,
        at=call.parts.clock(),
    )


async def _stop(call: Call) -> Response:
    """One slice; the page asks for the next one by itself."""
    wanted, order = wanted_by(call), _order(call)
    if refused := _refusal(call, wanted):
        return await _refuse(call, wanted, refused)
    found = await _next(call, wanted, order)
    stopped = await _stop_all(call, found, running_too=order.running_too)
    order = msgspec.structs.replace(order, stopped=order.stopped + stopped)
    part = call.request.headers.get("hx-target") == "progress"
    return call.page(
        "operate/stopping_progress.html" if part else "operate/stopping_under_way.html",
        **await _about(call, wanted),
        order=order,
        over=len(found) < _SLICE,
    )


def _refusal(call: Call, wanted: TaskFilter) -> str:
    """Why nothing can be stopped by that filter; "" if something can.

    Other than for a list, all that is said in it has to be understood: more would be stopped than is meant.
    """
    for name in asked_of(call):
        if not getattr(wanted, "text" if name == "q" else name):
            return f"The filter's “{name}” is not understood, so nothing is stopped. Choose it again in the list of tasks."
    if wanted.stage in _OVER:
        return (
            "The filter is for tasks that are over, and what is over cannot be stopped. In the list of tasks, choose"
            " “Waiting”, “Running” or “Every state”."
        )
    return ""


async def _refuse(call: Call, wanted: TaskFilter, refused: str) -> Response:
    return call.page(
        "operate/stopping.html",
        status=400,
        **await _about(call, wanted),
        refused=refused,
        waiting=0,
        running=0,
    )


def _order(call: Call) -> Order:
    numbers = {name: number_of(call.form.get(name, "")) for name in ("number", "upto", "stopped")}
    try:
        at = float(call.form.get("at", ""))
    except ValueError:
        at = 0.0
    if not (numbers["number"] and numbers["upto"] and at):
        raise InvalidInput("Open this page from the list of tasks, and confirm how many are to be stopped.")
    return Order(**numbers, at=at, running_too=call.form.get("running") == "too")


async def _next(call: Call, wanted: TaskFilter, order: Order) -> list[Task]:
    """The next ones to be stopped, at most a slice of them; the oldest first."""
    if not order.running_too:
        if wanted.stage not in ("", "waiting"):
            return []
        wanted = msgspec.structs.replace(wanted, stage="waiting")
    limit = _SLICE
    while True:
        found = await call.parts.store.browsing.oldest_open(wanted, limit)
        meant = [task for task in found if _is_meant(task, wanted, order)]
        if len(meant) >= _SLICE or len(found) < limit or found[-1].id > order.upto:
            return meant[:_SLICE]
        limit *= 2  # those that are left alone stand before those that are meant


def _is_meant(task: Task, wanted: TaskFilter, order: Order) -> bool:
    """Whether a task that fits now fitted when it was confirmed.

    Where only running ones were counted, or those of an engine, each that is stopped makes room for another one, which
    waited then: that one was not meant.
    """
    if task.id > order.upto:
        return False
    only_running = wanted.stage == "running" or bool(wanted.engine)
    return not only_running or task.status == Status.QUEUE or task.accepted <= order.at


async def _stop_all(call: Call, tasks: Sequence[Task], *, running_too: bool) -> int:
    """Stop them, some at the same time; returns how many were not over already."""
    room = asyncio.Semaphore(_AT_ONCE)

    async def one(task: Task) -> bool:
        async with room:
            return await stop(call, task, running_too=running_too)

    outcomes = await asyncio.gather(*(one(task) for task in tasks), return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
    return sum(outcome is True for outcome in outcomes)


async def _about(call: Call, wanted: TaskFilter) -> dict[str, Any]:
    """The filter in words, and as it stands in the address."""
    asked = asked_of(call)
    project = (await names_of(call, {wanted.project}))[wanted.project] if wanted.project else ""
    stage = "Stopped" if wanted.stage == "cancelled" else wanted.stage.capitalize()
    said = (
        ("Project", project),
        ("Model", wanted.model),
        ("Engine", wanted.engine),
        ("State", stage),
        ("From", asked.get("since", "").replace("T", " ")),
        ("To", asked.get("until", "").replace("T", " ")),
        ("Text", wanted.text),
    )
    return {"said": [(name, value) for name, value in said if value], "query": urlencode(asked)}


PAGES = (
    Page("GET", "/operate/tasks/stop", "operator", _ask),
    Page("POST", "/operate/tasks/stop", "operator", _stop),
)
