"""Two clips side by side, and what was asked of them differently."""

import msgspec
from starlette.responses import Response

from understudy.errors import NotFound
from understudy.tasks.records import Project
from understudy.tasks.store.browsing import TaskFilter
from understudy.web.pages.clip import model_of
from understudy.web.pages.page import Call, Page
from understudy.web.shown.clips import Clip, Given, clip_of

_TO_CHOOSE_FROM = 60


class Row(msgspec.Struct, frozen=True):
    """One input, or what is known of both clips."""

    label: str
    left: Given
    right: Given

    @property
    def differs(self) -> bool:
        """Whether it is marked."""
        return self.left != self.right


async def _compare(call: Call) -> Response:
    project = call.me.working_in
    left, right = [await _clip(call, project, side) for side in ("left", "right")]
    recent = []
    if project is not None:
        wanted = TaskFilter(project=project.id, stage="done")
        recent = (await call.parts.store.browsing.look(wanted, limit=_TO_CHOOSE_FROM)).tasks
    return call.page(
        "compare.html",
        left=left,
        right=right,
        rows=_rows(left, right) if left and right else [],
        recent=[
            clip_of(task, model_of(call.parts.catalogue, task), [])
            for task in recent
            if not task.files_deleted
        ],
    )


async def _clip(call: Call, project: Project | None, side: str) -> Clip | None:
    id = call.request.query_params.get(side, "")
    if not id or project is None:
        return None
    try:
        task = await call.parts.desk.find(project, id=id)
    except NotFound as error:
        raise NotFound("There is no such clip.") from error
    outputs = await call.parts.store.outputs(task.id)
    return clip_of(task, model_of(call.parts.catalogue, task), outputs)


def _rows(left: Clip, right: Clip) -> list[Row]:
    known = [_known(clip) for clip in (left, right)]
    labels = dict.fromkeys([*known[0], *known[1]])
    return [
        Row(label, *(each.get(label, Given(label=label, text="–")) for each in known)) for label in labels
    ]


def _known(clip: Clip) -> dict[str, Given]:
    model = clip.model.title if clip.model and clip.model.title else clip.task.model
    player = f"{clip.engine} (preview)" if clip.preview else clip.engine
    said = (("Model", model), ("Played by", player), ("Seed", str(clip.task.seed)))
    first, second, last = (Given(label=label, text=text) for label, text in said)
    return {each.label: each for each in (first, second, *clip.given, last)}


PAGES = (Page("GET", "/compare", "anybody", _compare),)
