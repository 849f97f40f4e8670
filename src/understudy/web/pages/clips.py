"""What a project has made: posters that play under the pointer, with filters; several can be deleted together."""

from datetime import UTC, datetime, timedelta
from typing import get_args
from urllib.parse import parse_qsl, urlencode

from starlette.responses import Response

from understudy.errors import NotAllowed, NotFound
from understudy.tasks.records import Task
from understudy.tasks.store.browsing import Stage, TaskFilter
from understudy.web.forms import number_of
from understudy.web.pages.clip import model_of
from understudy.web.pages.page import Call, Page, admit, go_to
from understudy.web.shown.clips import clip_of

_AT_ONCE = 24
_LONGEST_FILTER = 1000
_LOOKS = 3
"""For one page: a filter that fits little comes so far back at a time."""


async def _gallery(call: Call) -> Response:
    project = call.me.working_in
    asked = call.request.query_params
    wanted = filter_of(call, project=project.id if project else -1)
    beyond = number_of(asked.get("beyond", ""))
    tasks: list[Task] = []
    for _ in range(_LOOKS):
        look = await call.parts.store.browsing.look(wanted, beyond=beyond, limit=_AT_ONCE - len(tasks))
        tasks += look.tasks
        beyond = look.beyond
        if not beyond or len(tasks) == _AT_ONCE:
            break
    outputs = await call.parts.store.outputs_of([task.id for task in tasks])
    clips = [clip_of(task, model_of(call.parts.catalogue, task), outputs.get(task.id, [])) for task in tasks]
    template = "clips_found.html" if "hx-request" in call.request.headers else "clips.html"
    return call.page(
        template,
        clips=clips,
        beyond=beyond,
        asked=dict(asked.items()),
        models=[model for model in call.parts.catalogue.models if model.enabled],
    )


async def _delete(call: Call) -> Response:
    """Their files; that they were made stays in the books."""
    project = call.me.working_in
    if project is None:
        raise NotFound("There is no such clip.")
    await admit(call, project)
    for id in call.form.getlist("clip"):
        try:
            task = await call.parts.desk.find(project, id=id)
            await call.parts.desk.delete_files(project, token=task.token)
        except (NotFound, NotAllowed):
            continue  # gone already, or still being made
    back = urlencode(parse_qsl(call.form.get("back", "")[:_LONGEST_FILTER]))
    return go_to(f"/clips?{back}" if back else "/clips")


def filter_of(call: Call, *, project: int = 0) -> TaskFilter:
    """By the fields of a form for filters; what makes no sense does not matter."""
    asked = call.request.query_params
    stage = asked.get("stage", "")
    return TaskFilter(
        project=project,
        model=asked.get("model", ""),
        engine=asked.get("engine", ""),
        stage=stage if stage in get_args(Stage) else "",  # type: ignore[arg-type]
        since=_day(asked.get("since", "")),
        until=_day(asked.get("until", ""), days=1),
        text=asked.get("q", "").strip()[:200],
    )


def _day(text: str, *, days: int = 0) -> float:
    try:
        return (datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC) + timedelta(days=days)).timestamp()
    except (ValueError, OverflowError):
        return 0.0


PAGES = (
    Page("GET", "/clips", "anybody", _gallery),
    Page("POST", "/clips/delete", "anybody", _delete),
)
