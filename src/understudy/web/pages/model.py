"""One model: its form, its price, who would play it, and the same request in other words."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import PurePosixPath
from typing import Any

from starlette.responses import Response

from understudy.catalogue.manifest import Model
from understudy.catalogue.prices import approximate_cost, estimate
from understudy.errors import NotFound
from understudy.tasks.records import Project, Task
from understudy.web.forms import Form
from understudy.web.pages.page import Call, Page
from understudy.web.shown.inputs import form_of, presets_of
from understudy.web.shown.playing import player_of
from understudy.web.shown.snippets import Given, snippets


async def _show(call: Call) -> Response:
    model = _model(call)
    project = call.me.working_in
    earlier = await _earlier(call, project)
    given = _given_by(earlier) if earlier is not None and earlier.model == model.address else {}
    return call.page(
        "model.html",
        model=model,
        groups=form_of(model, given),
        presets=presets_of(model),
        earlier=earlier if given else None,
        project=project,
        largest=call.parts.largest_upload,
        **await _now(
            call,
            model,
            project,
            {each.id: str(each.default) for each in model.inputs if not each.is_file} | given,
        ),
    )


async def _show_now(call: Call) -> Response:
    """What follows from the present inputs."""
    model = _model(call)
    project = call.me.working_in
    return call.page(
        "model_now.html",
        model=model,
        project=project,
        **await _now(call, model, project, _given(model, call.form)),
    )


async def _now(call: Call, model: Model, project: Project | None, given: Given) -> dict[str, Any]:
    statistics = (await call.parts.store.statistics()).get(model.address)
    price = estimate(model, {id: value for id, value in given.items() if isinstance(value, str)})
    typical = statistics.mean_elapsed if statistics else 0.0
    usual: Decimal | None = approximate_cost(model, typical) if price is None and typical else None
    return {
        "price": price,
        "usual": usual,
        "typical": typical,
        "player": player_of(call.parts.cast, call.parts.decisions, model, await call.parts.reports.answers()),
        "snippets": snippets(
            model, given, call.parts.base_url, signed=project is None or project.auth == "signature"
        ),
    }


async def _earlier(call: Call, project: Project | None) -> Task | None:
    """The run whose inputs are to be changed, if it is one of the project's."""
    id = call.request.query_params.get("from", "")
    if project is None or not id:
        return None
    try:
        return await call.parts.desk.find(project, id=id)
    except NotFound:
        return None


def _given_by(task: Task) -> dict[str, str | Sequence[str]]:
    values: dict[str, str | Sequence[str]] = {name: str(value) for name, value in task.values.items()}
    return values | task.media


def _given(model: Model, form: Form) -> dict[str, str | Sequence[str]]:
    given: dict[str, str | Sequence[str]] = {}
    for each in model.inputs:
        if each.is_file:
            given[each.id] = tuple(filter(None, (_named(value) for value in form.getlist(each.id))))
        elif each.id in form:
            given[each.id] = form[each.id]
    return given


def _named(value: str) -> str:
    """An address, or after @ the bare name of a file."""
    return f"@{PurePosixPath(value[1:]).name}" if value.startswith("@") else value


def _model(call: Call) -> Model:
    path: Mapping[str, str] = call.path
    model = call.parts.catalogue.find(path["owner"], path["slug"])
    if model is None or not model.enabled:
        raise NotFound("There is no such model here.")
    return model


PAGES = (
    Page("GET", "/models/{owner}/{slug}", "anybody", _show),
    Page("POST", "/models/{owner}/{slug}/now", "anybody", _show_now),
)
