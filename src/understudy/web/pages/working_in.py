"""The project in which an operator makes clips, and whose clips they see; a maker has one and no choice."""

from starlette.responses import Response

from understudy.errors import NotAllowed, NotFound, RequestError
from understudy.tasks.records import Project
from understudy.web.forms import number_of
from understudy.web.pages.page import Call, Page, go_to, status_of
from understudy.web.visit import PROJECT_COOKIE

_AT_ONCE = 50
_A_YEAR = 365 * 24 * 3600


async def _choose(call: Call) -> Response:
    return await _page(call)


async def _chosen(call: Call) -> Response:
    try:
        project = await _offered(call)
    except RequestError as refused:
        return await _page(call, refused)
    answer = go_to("/")
    answer.set_cookie(
        PROJECT_COOKIE,
        str(project.id),
        max_age=_A_YEAR,
        httponly=True,
        samesite="lax",
        secure=call.parts.base_url.startswith("https:"),
    )
    return answer


async def _offered(call: Call) -> Project:
    id = number_of(call.form.get("project", ""))
    project = await call.parts.store.project(id)
    if project is None:
        raise NotFound("There is no such project. Choose one of those below.")
    if not project.enabled:
        raise NotAllowed(f"{project.name} is disabled, so no clips are made in it. Choose another project.")
    return project


async def _page(call: Call, refused: RequestError | None = None) -> Response:
    asked = call.request.query_params
    text = asked.get("q", "").strip()[:200]
    found = await call.parts.store.tenants.find(
        text, beyond=number_of(asked.get("beyond", "")), limit=_AT_ONCE
    )
    return call.page(
        "working_in.html",
        status=status_of(refused) if refused else 200,
        refused=refused.message if refused else "",
        projects=found,
        text=text,
        beyond=found[-1].id if len(found) == _AT_ONCE else 0,
    )


PAGES = (
    Page("GET", "/working-in", "operator", _choose),
    Page("POST", "/working-in", "operator", _chosen),
)
