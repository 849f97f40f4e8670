"""The way in: pages are loaded when the first one is asked for."""

from functools import cached_property
from typing import TYPE_CHECKING

from starlette.types import Receive, Scope, Send

from understudy.web.parts import WebParts

if TYPE_CHECKING:
    from understudy.web.site import Site


class Front:
    """The dashboard of a server that may never be looked at."""

    def __init__(self, parts: WebParts) -> None:
        self._parts = parts

    @cached_property
    def _site(self) -> "Site":
        # Late: it would be a tenth of a start.
        from understudy.web.site import Site

        return Site(self._parts)

    def serves(self, scope: Scope) -> bool:
        """See `Site`."""
        return self._site.serves(scope)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See `Site`."""
        await self._site(scope, receive, send)
