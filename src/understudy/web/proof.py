"""How a page of the dashboard asks the API: its session stands in for the keys of a project."""

from collections.abc import Mapping

from understudy.errors import NotAuthorized
from understudy.tasks.records import Project
from understudy.web.parts import WebParts
from understudy.web.visit import visitor


class Proof:
    """Finds the project in which somebody who is signed in works."""

    def __init__(self, parts: WebParts) -> None:
        self._parts = parts

    async def __call__(self, headers: Mapping[bytes, bytes]) -> Project | None:
        """None without a session. Raises `NotAuthorized` if the request does not prove that a page of ours sent it.

        Cookies are sent by browsers whoever asks them to; the form token only a page of ours can know.
        """
        who = await visitor(self._parts, headers.get(b"cookie", b"").decode("latin-1"))
        if who is None:
            return None
        given = headers.get(b"x-form-token", b"").decode("latin-1")
        if not self._parts.accounts.is_form_token(who.token, given):
            raise NotAuthorized("Reload the page and try again: it was not sent from a page of this server.")
        if who.working_in is not None:
            return who.working_in
        if who.is_operator:
            raise NotAuthorized("Choose the project that you work in first: yours is disabled.")
        raise NotAuthorized("The project that you work in is disabled.")
