"""One project: its keys, rules and money, and who works in it."""

from collections.abc import Awaitable, Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from starlette.responses import Response

from understudy.errors import InvalidInput, NotFound, RequestError
from understudy.tasks.budgets import hour_began, hour_of, month_began
from understudy.tasks.records import Project
from understudy.web.forms import number_of
from understudy.web.pages.operate.projects import entries_of, is_prepaid, keys_page
from understudy.web.pages.page import Call, Page, go_to, status_of
from understudy.web.shown.limit_fields import limit_fields, limits_given
from understudy.web.shown.spending import first_hour, spending_chart

_LINES = 8
_LINES_OF_A_PAGE = 50
_PEOPLE = 20
_LONGEST_NOTE = 200
_DONE = {
    "name": "It has another name now.",
    "webhook": "The address is saved.",
    "allow": "The addresses are saved.",
    "limits": "The limits are saved. They count a second from now at most.",
    "balance": "The balance has changed.",
    "disable": "The project is disabled: its keys are refused.",
    "enable": "The project is enabled: its keys are answered again.",
}
"""By the last part of the address of the form that was carried out."""


async def _show(call: Call) -> Response:
    done = _DONE.get(call.request.query_params.get("done", ""), "")
    return await _page(call, await _project(call), done=done)


async def _page(
    call: Call, project: Project, *, done: str = "", part: str = "", refused: RequestError | None = None
) -> Response:
    """`part`: the form that was refused; its fields are shown as they were sent."""
    parts, now = call.parts, call.parts.clock()
    tallies = await parts.store.tenants.tallies([project.id], hour_of(month_began(now)))
    people = await parts.accounts.look(project=project.id, limit=_PEOPLE + 1)
    lines = await parts.store.operating.lines(project.id, limit=_LINES + 1)
    given = call.form if part else {}
    return call.page(
        "operate/project.html",
        status=status_of(refused) if refused else 200,
        project=project,
        done=done,
        refused={part: refused.message} if refused else {},
        given=given,
        tally=tallies[project.id],
        spent_hour=await parts.store.spent(project.id, hour_began(now)),
        chart=spending_chart(await parts.store.operating.spending(first_hour(now), project.id), now),
        limits=limit_fields(project.limits, parts.settings, given if part == "limits" else None),
        prepaid=is_prepaid(call),
        lines=lines[:_LINES],
        more_lines=len(lines) > _LINES,
        people=people[:_PEOPLE],
        more_people=len(people) > _PEOPLE,
    )


def _form(
    part: str, change: Callable[[Call, Project], Awaitable[Any]]
) -> Callable[[Call], Awaitable[Response]]:
    """A form of the page: carried out, or shown again with what is wrong."""

    async def answer(call: Call) -> Response:
        project = await _project(call)
        try:
            await change(call, project)
        except RequestError as refused:
            return await _page(call, project, part=part, refused=refused)
        return go_to(f"/operate/projects/{project.id}?done={part}")

    return answer


async def _rename(call: Call, project: Project) -> None:
    await call.parts.projects.rename(project.id, call.form.get("name", ""))


async def _webhook(call: Call, project: Project) -> None:
    await call.parts.projects.set_webhook_url(project.id, call.form.get("url", "").strip())


async def _allow(call: Call, project: Project) -> None:
    await call.parts.projects.set_allow(project.id, entries_of(call.form.get("allow", "")))


async def _limits(call: Call, project: Project) -> None:
    await call.parts.projects.set_limits(project.id, limits_given(call.form))


async def _balance(call: Call, project: Project) -> None:
    text, back = call.form.get("amount", "").strip(), call.form.get("way") == "back"
    note = " ".join(call.form.get("note", "").split())
    if len(note) > _LONGEST_NOTE:
        raise InvalidInput(f"A note has at most {_LONGEST_NOTE} characters.")
    try:
        amount = Decimal(text.removeprefix("$"))
    except InvalidOperation as error:
        raise InvalidInput(f"{text[:40]!r} is no amount of money; write 12.50.") from error
    if amount.is_finite() and amount < 0:
        raise InvalidInput("Write the amount without a sign, and choose Take back.")
    await call.parts.projects.add_balance(
        project.id, -amount if back else amount, note or ("taken back" if back else "paid in")
    )


async def _disable(call: Call, project: Project) -> None:
    await call.parts.projects.set_enabled(project.id, False)


async def _enable(call: Call, project: Project) -> None:
    await call.parts.projects.set_enabled(project.id, True)


async def _rotate(call: Call) -> Response:
    before = await _project(call)
    made = await call.parts.projects.rotate(before.id)
    call.parts.keys_changed(before, made)
    return keys_page(call, made, f"{made.project.name} has new keys")


async def _ledger(call: Call) -> Response:
    project = await _project(call)
    beyond = number_of(call.request.query_params.get("beyond", ""))
    lines = await call.parts.store.operating.lines(project.id, beyond=beyond, limit=_LINES_OF_A_PAGE + 1)
    shown = lines[:_LINES_OF_A_PAGE]
    return call.page(
        "operate/project_ledger.html",
        project=project,
        lines=shown,
        beyond=beyond,
        older=shown[-1].id if len(lines) > _LINES_OF_A_PAGE else 0,
    )


async def _project(call: Call) -> Project:
    project = await call.parts.store.project(number_of(call.path["id"]))
    if project is None:
        raise NotFound("There is no such project.")
    return project


_PATH = "/operate/projects/{id}"
PAGES = (
    Page("GET", _PATH, "operator", _show),
    Page("GET", f"{_PATH}/ledger", "operator", _ledger),
    Page("POST", f"{_PATH}/keys", "operator", _rotate),
    *(
        Page("POST", f"{_PATH}/{part}", "operator", _form(part, change))
        for part, change in {
            "name": _rename,
            "webhook": _webhook,
            "allow": _allow,
            "limits": _limits,
            "balance": _balance,
            "disable": _disable,
            "enable": _enable,
        }.items()
    ),
)
