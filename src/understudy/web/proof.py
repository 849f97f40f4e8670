"""How a page of the dashboard asks the API: its session stands in for the keys of a project."""

from collections.abc import Mapping

from understudy.errors import NotAuthorized
from understudy.tasks.records import Project
from understudy.web.parts import WebParts
from understudy.web.visit import Visitor, visitor


class Proof:
    """Finds the project in which somebody who is signed in works."""

    def __init__(self, parts: WebParts) -> None:
        self._parts = parts

    async def __call__(self, headers: Mapping[bytes, bytes]) -> Project | None:
        """None without a session. Raises `NotAuthorized` if the request does not prove that a page of ours sent it.

        Cookies are sent by browsers whoever asks them to; the form token only a page of ours can know.
        """
        who = await visitor(self._parts.accounts, headers.get(b"cookie", b"").decode("latin-1"))
        if who is None:
            return None
        given = headers.get(b"x-form-token", b"").decode("latin-1")
        if not self._parts.accounts.is_form_token(who.token, given):
            raise NotAuthorized("Reload the page and try again: it was not sent from a page of this server.")
        project = await project_of(self._parts, who)
        if project is None:
            raise NotAuthorized("The project that you work in is disabled.")
        return project


async def project_of(parts: WebParts, who: Visitor) -> Project | None:
    """The project that somebody works in: a maker's own; of operators the one they have chosen, or the first."""
    if who.project:
        found = await parts.store.project(who.project)
        if found is not None and found.enabled:
            return found
    if not who.is_operator:
        return None
    return next((each for each in await parts.projects.list() if each.enabled), None)
