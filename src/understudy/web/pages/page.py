"""What a page is given, and what it is."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal, NamedTuple

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from understudy.client_address import networks, within
from understudy.errors import InvalidInput, NotAuthorized, NotFound, RequestError
from understudy.tasks.records import Project
from understudy.web.forms import Form
from understudy.web.parts import WebParts
from understudy.web.rendering import Renderer
from understudy.web.visit import Visitor

Needs = Literal["nobody", "anybody", "operator"]
"""Whom a page is for: also those who are not signed in, all who are, or operators."""


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One request for a page."""

    parts: WebParts
    renderer: Renderer
    request: Request
    visitor: Visitor | None
    path: Mapping[str, str]
    """The variable parts of its path."""
    form: Form
    """What was sent; empty for what is only read."""
    address: str
    """Who asks."""

    @property
    def me(self) -> Visitor:
        """Who is signed in, where the page needs somebody."""
        assert self.visitor is not None
        return self.visitor

    def page(self, template: str, *, status: int = 200, **what: Any) -> Response:
        """Show a template."""
        return self.renderer.page(template, self.request, self.visitor, status=status, **what)


class Page(NamedTuple):
    """One entry of the table of pages."""

    method: str
    path: str
    """With `{name}` for what varies."""
    needs: Needs
    answer: Callable[[Call], Awaitable[Response]]


def status_of(refused: RequestError) -> int:
    """Of the page that says so: the wire answers some refusals with 200, and tells in the body what it is."""
    if refused.status >= 400:
        return refused.status
    return {NotFound: 404, InvalidInput: 400}.get(type(refused), 409)


async def admit(call: Call, project: Project) -> None:
    """What a page does in a project, it may do from where the API may be asked to, and as often.

    Raises `NotAuthorized`, `TooManyRequests`.
    """
    if project.allow and not within(call.address, networks(project.allow)):
        raise NotAuthorized(
            f"{project.name} takes requests from some addresses only, and {call.address} is none of them."
            " An operator can allow it."
        )
    if call.parts.rates is not None:
        await call.parts.rates.take(project)


def go_to(path: str) -> Response:
    """What follows a form that was carried out: the page that shows the outcome, read anew."""
    return RedirectResponse(path, 303)
