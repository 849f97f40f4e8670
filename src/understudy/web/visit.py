"""One request to the dashboard: who is there, and in which project."""

import msgspec
from starlette.requests import cookie_parser

from understudy.tasks.accounts.records import User
from understudy.tasks.records import Project
from understudy.web.forms import number_of
from understudy.web.parts import WebParts

SESSION_COOKIE = "understudy_session"
PROJECT_COOKIE = "understudy_project"
"""Which project an operator makes clips in; a maker's is fixed."""

_FIRST = 1


class Visitor(msgspec.Struct, frozen=True):
    """Somebody who is signed in."""

    user: User
    token: str
    form_token: str
    """What its forms bring back."""
    working_in: Project | None = None
    """A maker's own; of operators the one that they have chosen, or the first. None if that is disabled."""

    @property
    def is_operator(self) -> bool:
        """Whether the pages of the server are open, and every project."""
        return self.user.role == "operator"


async def visitor(parts: WebParts, cookie_header: str) -> Visitor | None:
    """Who sends these cookies; None for nobody who is signed in."""
    cookies = cookie_parser(cookie_header)
    token = cookies.get(SESSION_COOKIE, "")
    found = await parts.accounts.session(token) if token else None
    if found is None:
        return None
    user = found[1]
    is_operator = user.role == "operator"
    working_in = await _enabled(
        parts, number_of(cookies.get(PROJECT_COOKIE, "")) if is_operator else user.project
    )
    if working_in is None and is_operator:
        working_in = await _enabled(parts, _FIRST)
    return Visitor(user, token, parts.accounts.form_token(token), working_in)


async def _enabled(parts: WebParts, id: int) -> Project | None:
    found = await parts.store.project(id) if id else None
    return found if found is not None and found.enabled else None
