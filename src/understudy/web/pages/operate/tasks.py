"""All tasks, by whatever filter: the newest first; the first page follows what happens."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import msgspec
from starlette.responses import Response

from understudy.tasks.lifecycle import elapsed, is_terminal
from understudy.tasks.records import Project, Task
from understudy.tasks.store.browsing import Look, TaskFilter
from understudy.web.forms import number_of
from understudy.web.pages.clip import model_of
from understudy.web.pages.clips import filter_of
from understudy.web.pages.page import Call, Page
from understudy.web.shown.clips import Clip, clip_of

FIELDS = ("q", "project", "model", "engine", "stage", "since", "until")
"""What a filter consists of, as its address names it."""
_AT_ONCE = 50
_PROJECTS_TO_CHOOSE_FROM = 200


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One task of the list."""

    clip: Clip
    project: str
    """Its name."""
    took: float
    """Seconds of work, so far; 0 before it began."""


async def _list(call: Call) -> Response:
    found = await _found(call)
    if call.request.headers.get("hx-target") == "found":
        return call.page("operate/tasks_found.html", **found)
    return call.page("operate/tasks.html", **found, **await _choices(call))


async def _list_now(call: Call) -> Response:
    """The part of the page that changes by itself."""
    return call.page("operate/tasks_found.html", **await _found(call))


async def _found(call: Call) -> dict[str, Any]:
    beyond = number_of(call.request.query_params.get("beyond", ""))
    look = await call.parts.store.browsing.look(wanted_by(call), beyond=beyond, limit=_AT_ONCE)
    projects = await names_of(call, {task.project for task in look.tasks})
    now = call.parts.clock()
    return {
        "rows": [_row(call, task, projects, now) for task in look.tasks],
        "asked": asked_of(call),
        "query": urlencode(asked_of(call)),
        "here": urlencode(asked_of(call) | ({"beyond": beyond} if beyond else {})),
        "first": not beyond,
        "beyond": look.beyond,
        "looked_through": await _looked_through(call, beyond, look) if len(look.tasks) < _AT_ONCE else 0,
    }


async def _looked_through(call: Call, beyond: int, look: Look) -> int:
    """How many tasks a look went through that ended before there were no more; 0 if there are no more."""
    if not look.beyond:
        return 0
    if not beyond:
        beyond = (await call.parts.store.browsing.look(TaskFilter(), limit=1)).tasks[0].id + 1
    return beyond - look.beyond


async def _choices(call: Call) -> dict[str, Any]:
    """What the filter offers; of very many projects one is named by its number instead."""
    projects: list[Project] = await call.parts.store.tenants.find("", limit=_PROJECTS_TO_CHOOSE_FROM + 1)
    return {
        "projects": projects if len(projects) <= _PROJECTS_TO_CHOOSE_FROM else None,
        "models": [model.address for model in call.parts.catalogue.models],
        "engines": [engine.name for engine in call.parts.cast.engines],
    }


def _row(call: Call, task: Task, projects: Mapping[int, str], now: float) -> Row:
    begun = task.accepted and not is_terminal(task.status)
    return Row(
        clip=clip_of(task, model_of(call.parts.catalogue, task), []),
        project=projects[task.project],
        took=max(0.0, now - task.accepted) if begun else elapsed(task),
    )


async def names_of(call: Call, projects: set[int]) -> dict[int, str]:
    """What these projects are called."""
    found = {id: await call.parts.store.project(id) for id in projects}
    return {id: project.name if project else str(id) for id, project in found.items()}


def asked_of(call: Call) -> dict[str, str]:
    """The fields of the filter that say something, as they stand in the address."""
    given = call.request.query_params
    return {name: given[name] for name in FIELDS if given.get(name)}


def wanted_by(call: Call) -> TaskFilter:
    """The filter in a page's address; what makes no sense in it does not matter."""
    asked = call.request.query_params
    wanted = filter_of(call, project=number_of(asked.get("project", "")))
    return msgspec.structs.replace(
        wanted,
        since=wanted.since or _time(asked.get("since", "")),
        until=wanted.until or _time(asked.get("until", "")),
    )


def _time(text: str) -> float:
    """Of a field for a day with its hour; UTC."""
    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return 0.0


PAGES = (
    Page("GET", "/operate/tasks", "operator", _list),
    Page("GET", "/operate/tasks/now", "operator", _list_now),
)
