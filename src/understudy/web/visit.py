"""One request to the dashboard: who is there, and in which project."""

import msgspec
from starlette.requests import cookie_parser

from understudy.tasks.accounts.accounts import Accounts
from understudy.tasks.accounts.records import User

SESSION_COOKIE = "understudy_session"
PROJECT_COOKIE = "understudy_project"
"""Which project an operator makes clips in; a maker's is fixed."""


class Visitor(msgspec.Struct, frozen=True):
    """Somebody who is signed in."""

    user: User
    token: str
    form_token: str
    """What its forms bring back."""
    project: int = 0
    """The project that an operator has chosen; a maker's own; 0 for the first one."""

    @property
    def is_operator(self) -> bool:
        """Whether the pages of the server are open, and every project."""
        return self.user.role == "operator"


async def visitor(accounts: Accounts, cookie_header: str) -> Visitor | None:
    """Who sends these cookies; None for nobody who is signed in."""
    cookies = cookie_parser(cookie_header)
    token = cookies.get(SESSION_COOKIE, "")
    found = await accounts.session(token) if token else None
    if found is None:
        return None
    user = found[1]
    chosen = cookies.get(PROJECT_COOKIE, "")
    project = user.project or (
        int(chosen) if chosen.isascii() and chosen.isdigit() and len(chosen) < 10 else 0
    )
    return Visitor(user, token, accounts.form_token(token), project)
