"""One task, with everything that is known of it, and what an operator may do with it."""

from collections.abc import Sequence
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import msgspec
from starlette.responses import Response

from understudy.catalogue.manifest import Model
from understudy.engines.cast import Choice
from understudy.errors import NotAllowed, NotFound, RequestError
from understudy.tasks.events import ERROR, OUTPUT, Event
from understudy.tasks.lifecycle import Status, is_terminal
from understudy.tasks.records import Project, Task
from understudy.tracing.tracer import trace_id
from understudy.web.forms import number_of
from understudy.web.pages.clip import model_of
from understudy.web.pages.page import Call, Page, go_to, status_of
from understudy.web.shown.clips import clip_of
from understudy.web.shown.timeline import timeline_of

_MOST_LOG = 200_000
"""Characters of a log that are shown: its last."""
_PARTS = ("head", "clip", "log", "facts", "webhooks")
"""The parts of the page that change by themselves."""


class Log(msgspec.Struct, frozen=True):
    """A stream of what a run has said."""

    name: str
    text: str
    cut: bool
    """Whether there was more before it."""


async def _show(call: Call) -> Response:
    return await _page(call, await _task(call))


async def _show_part(part: str, call: Call) -> Response:
    return call.page(f"operate/task_{part}.html", **await _known(call, await _task(call)))


async def _stop(call: Call) -> Response:
    task = await _task(call)
    await stop(call, task, running_too=True)
    return go_to(f"/operate/tasks/{task.id}")


async def _again(call: Call) -> Response:
    task = await _task(call)
    model = model_of(call.parts.catalogue, task)
    project = await call.parts.store.project(task.project)
    try:
        if model is None or not model.enabled:
            raise NotAllowed(f"{task.model} is not offered here any more, so it cannot be run again.")
        if project is None or not project.enabled:
            raise NotAllowed("The project of this task is disabled, so nothing is run in it.")
        made = await call.parts.desk.again(project, model, task)
    except RequestError as refused:
        return await _page(call, task, refused)
    return go_to(f"/operate/tasks/{made.id}")


async def _send_again(call: Call) -> Response:
    task = await _task(call)
    wanted = number_of(call.form.get("delivery", ""))
    if wanted not in {delivery.id for delivery in await call.parts.store.deliveries(task.id)}:
        raise NotFound("This task has no such webhook.")
    await call.parts.store.operating.send_again(wanted, call.parts.clock())
    call.parts.wake_webhooks()
    return go_to(f"/operate/tasks/{task.id}#webhooks")


async def stop(call: Call, task: Task, *, running_too: bool) -> bool:
    """End a task of any project; False if it was over already, or has begun to run and is to be left alone then."""
    project = await call.parts.projects.get(task.project)
    return await call.parts.desk.stop(project, task, running_too=running_too)


async def _task(call: Call) -> Task:
    id = number_of(call.path["id"])
    task = await call.parts.store.task(id) if id else None
    if task is None:
        raise NotFound("There is no such task.")
    return task


async def _page(call: Call, task: Task, refused: RequestError | None = None) -> Response:
    return call.page(
        "operate/task.html",
        status=status_of(refused) if refused else 200,
        refused=" ".join((refused.message, *refused.details)) if refused else "",
        **await _known(call, task),
    )


async def _known(call: Call, task: Task) -> dict[str, Any]:
    store = call.parts.store
    model = model_of(call.parts.catalogue, task)
    project: Project | None = await store.project(task.project)
    clip = clip_of(task, model, await store.files_of(task.id))
    heard = call.parts.desk.heard(task)
    waits = task.status == Status.QUEUE
    return {
        "clip": clip,
        "task": task,
        "over": is_terminal(task.status),
        "project": project,
        "timeline": timeline_of(task, call.parts.clock()),
        "step": None if is_terminal(task.status) else _step(heard),
        "logs": _logs(task, heard),
        "ahead": await store.operating.ahead(task.id) if waits else 0,
        "would_play": await _would_play(call, model) if model and waits else None,
        "held": call.parts.decisions.held,
        "line": await store.operating.line_of(task.id),
        "purchases": await store.purchases(task=task.id),
        "operator_lines": await store.operating.operator_lines(task.id),
        "deliveries": [
            (delivery, shown_address(delivery.url)) for delivery in await store.deliveries(task.id)
        ],
        "callback": shown_address(task.callback_url),
        "trace": trace_id(task.trace) if task.trace else "",
        "shown_address": shown_address,
    }


async def _would_play(call: Call, model: Model) -> Choice:
    return call.parts.cast.choose(model, answers=await call.parts.reports.answers())


def shown_address(url: str) -> str:
    """An address from outside, without what may be a secret in it: who it signs in as, and its query."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}{'?…' if parts.query else ''}" if host else ""


def _step(heard: Sequence[Event]) -> dict[str, str] | None:
    """How far the run has come, as its latest step says."""
    return next((event.message for event in reversed(heard) if event.is_progress), None)


def _logs(task: Task, heard: Sequence[Event]) -> list[Log]:
    """What is on record; before that, and of earlier attempts, what was heard."""
    lines = [
        event.message for event in heard if event.type in (OUTPUT, ERROR) and isinstance(event.message, str)
    ]
    on_record = is_terminal(task.status) and (task.stdout or task.stderr)
    streams = (
        {"Notes": task.notes, "Output": "\n".join(lines)}
        if lines and not on_record
        else {"Notes": task.notes, "Output": task.stdout, "Errors": task.stderr}
    )
    return [
        Log(name, text[-_MOST_LOG:], len(text) > _MOST_LOG) for name, text in streams.items() if text.strip()
    ]


PAGES = (
    Page("GET", "/operate/tasks/{id}", "operator", _show),
    *(Page("GET", f"/operate/tasks/{{id}}/{part}", "operator", partial(_show_part, part)) for part in _PARTS),
    Page("POST", "/operate/tasks/{id}/stop", "operator", _stop),
    Page("POST", "/operate/tasks/{id}/again", "operator", _again),
    Page("POST", "/operate/tasks/{id}/send-again", "operator", _send_again),
)
