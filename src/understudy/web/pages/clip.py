"""One clip: how far it is, then the clip itself; and what its owner may do with it."""

from typing import Any

from starlette.responses import Response

from understudy.catalogue.catalogue import Catalogue
from understudy.catalogue.manifest import Model
from understudy.errors import NotFound
from understudy.tasks.records import Project, Task
from understudy.web.pages.page import Call, Page, admit, go_to
from understudy.web.shown.clips import DOING, STAGES, clip_of
from understudy.web.shown.queueing import place_of


async def _show(call: Call) -> Response:
    project, task = await _task(call)
    return call.page("clip.html", doing=DOING, stages=STAGES, **await _known(call, project, task))


async def _show_body(call: Call) -> Response:
    """The part of the page that changes when the task ends."""
    project, task = await _task(call)
    return call.page("clip_body.html", **await _known(call, project, task))


async def _show_place(call: Call) -> Response:
    """Where it stands in the queue; nothing if it does not wait."""
    project, task = await _task(call)
    place = await place_of(call.parts, project, task, model_of(call.parts.catalogue, task))
    return call.page("clip_place.html", place=place) if place else Response(status_code=204)


async def _stop(call: Call) -> Response:
    project, task = await _task(call)
    await admit(call, project)
    await call.parts.desk.stop(project, task)
    return go_to(f"/clips/{task.id}")


async def _again(call: Call) -> Response:
    project, task = await _task(call)
    await admit(call, project)
    model = model_of(call.parts.catalogue, task)
    if model is None or not model.enabled:
        raise NotFound("This model is not offered here any more.")
    made = await call.parts.desk.again(project, model, task)
    return go_to(f"/clips/{made.id}")


async def _known(call: Call, project: Project, task: Task) -> dict[str, Any]:
    model = model_of(call.parts.catalogue, task)
    return {
        "clip": clip_of(task, model, await call.parts.store.files_of(task.id)),
        "place": await place_of(call.parts, project, task, model),
    }


async def _task(call: Call) -> tuple[Project, Task]:
    project = call.me.working_in
    if project is None:
        raise NotFound("There is no such clip.")
    try:
        return project, await call.parts.desk.find(project, id=call.path["id"])
    except NotFound as error:
        raise NotFound("There is no such clip.") from error


def model_of(catalogue: Catalogue, task: Task) -> Model | None:
    """The model that was asked for; None if it is not offered any more."""
    return catalogue.find(*task.model.split("/", 1))


PAGES = (
    Page("GET", "/clips/{id}", "anybody", _show),
    Page("GET", "/clips/{id}/body", "anybody", _show_body),
    Page("GET", "/clips/{id}/place", "anybody", _show_place),
    Page("POST", "/clips/{id}/stop", "anybody", _stop),
    Page("POST", "/clips/{id}/again", "anybody", _again),
)
