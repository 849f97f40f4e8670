"""Who may sign in."""

from collections.abc import Awaitable, Callable, Sequence

import msgspec
from starlette.responses import Response

from understudy.errors import InvalidInput, RequestError
from understudy.tasks.accounts.records import User
from understudy.tasks.records import Project
from understudy.web.forms import number_of
from understudy.web.pages.page import Call, Page, go_to, status_of

_AT_ONCE = 50
_OFFERED = 100
"""Projects in a list to choose from; beyond that, their number is asked for."""
_DONE = {
    "disable": "The user is disabled, and signed out.",
    "enable": "The user is let in again.",
    "move": "The user works in another project now.",
}


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A user as the list shows it."""

    user: User
    project: str
    """The name of a maker's."""


async def _list(call: Call) -> Response:
    return await _page(call, done=_DONE.get(call.request.query_params.get("done", ""), ""))


async def _page(
    call: Call, *, done: str = "", part: str = "", refused: RequestError | None = None
) -> Response:
    """`part`: the form that was refused."""
    asked, parts = call.request.query_params, call.parts
    text, project = asked.get("q", "").strip()[:200], number_of(asked.get("project", ""))
    beyond = number_of(asked.get("beyond", ""))
    found = await parts.accounts.look(text, project=project, beyond=beyond, limit=_AT_ONCE + 1)
    shown = found[:_AT_ONCE]
    offered = await parts.store.tenants.find(limit=_OFFERED + 1)
    names = await _names(call, shown, offered)
    return call.page(
        "operate/users.html",
        status=status_of(refused) if refused else 200,
        rows=[Row(user=each, project=names.get(each.project, "")) for each in shown],
        text=text,
        project=project,
        beyond=beyond,
        older=shown[-1].id if len(found) > _AT_ONCE else 0,
        offered=offered if len(offered) <= _OFFERED else [],
        many=len(offered) > _OFFERED,
        done=done,
        refused={part: refused.message} if refused else {},
        given=call.form if part == "new" else {},
    )


async def _names(call: Call, users: Sequence[User], known: Sequence[Project]) -> dict[int, str]:
    """Of the projects that users work in, by id."""
    names = {each.id: each.name for each in known}
    for id in {user.project for user in users if user.project} - names.keys():
        found = await call.parts.store.project(id)
        names[id] = found.name if found else ""
    return names


async def _create(call: Call) -> Response:
    form, accounts = call.form, call.parts.accounts
    role = form.get("role", "")
    try:
        if role not in ("operator", "maker"):
            raise InvalidInput("Choose what the user may do.")
        project = number_of(form.get("project", "").strip()) if role == "maker" else 0
        user = await accounts.create(form.get("name", ""), role, project=project)  # type: ignore[arg-type]
    except RequestError as refused:
        return await _page(call, part="new", refused=refused)
    return await _link_page(call, user)


async def _link(call: Call) -> Response:
    try:
        user = await call.parts.accounts.get(call.form.get("name", ""))
        if not user.enabled:
            raise InvalidInput(
                f"{user.name} is disabled, so a link would let nobody in. Enable the user first."
            )
    except RequestError as refused:
        return await _page(call, part="list", refused=refused)
    return await _link_page(call, user)


async def _link_page(call: Call, user: User) -> Response:
    token = await call.parts.accounts.invite(user)
    # Behind the # browsers keep it to themselves: no log ever sees it.
    link = f"{call.parts.base_url}/sign-in#{token}"
    return call.page("operate/user_link.html", user=user, link=link)


def _change(
    part: str, change: Callable[[Call, User], Awaitable[None]]
) -> Callable[[Call], Awaitable[Response]]:
    async def answer(call: Call) -> Response:
        try:
            await change(call, await call.parts.accounts.get(call.form.get("name", "")))
        except RequestError as refused:
            return await _page(call, part="list", refused=refused)
        return go_to(f"/operate/users?done={part}")

    return answer


async def _disable(call: Call, user: User) -> None:
    await call.parts.accounts.set_enabled(user, False)


async def _enable(call: Call, user: User) -> None:
    await call.parts.accounts.set_enabled(user, True)


async def _move(call: Call, user: User) -> None:
    await call.parts.accounts.move(user, number_of(call.form.get("project", "").strip()))


PAGES = (
    Page("GET", "/operate/users", "operator", _list),
    Page("POST", "/operate/users", "operator", _create),
    Page("POST", "/operate/users/link", "operator", _link),
    Page("POST", "/operate/users/disable", "operator", _change("disable", _disable)),
    Page("POST", "/operate/users/enable", "operator", _change("enable", _enable)),
    Page("POST", "/operate/users/move", "operator", _change("move", _move)),
)
