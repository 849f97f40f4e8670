"""Everything that is read with GET and HEAD: pages and files, found by their paths."""

import re
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from understudy.api.downloads import Downloads
from understudy.api.pages import Pages
from understudy.api.parts import Parts

Page = Callable[[Request], Awaitable[Response]]


class Reading:
    """The table of readable paths; what else is read may be a page of the dashboard."""

    def __init__(self, parts: Parts, posts_to: Callable[[str], bool]) -> None:
        """`posts_to`: whether POST is answered at a path."""
        pages, downloads = Pages(parts), Downloads(parts)
        self._posts_to = posts_to
        self._web = parts.web
        self._table: list[tuple[re.Pattern[str], Page]] = [
            (_pattern(r"/"), pages.landing),
            (_pattern(r"/healthz"), pages.healthz),
            (_pattern(r"/readyz"), pages.readyz),
            (_pattern(r"/metrics"), pages.metrics),
            (_pattern(r"/openapi\.json"), pages.openapi),
            (_pattern(r"/models/(?P<owner>[^/]+)/(?P<slug>[^/]+)/llms\.txt"), pages.model_page),
            (_pattern(r"/v1/File/(?P<accesskey>(?-i:[A-Za-z0-9]{30}))/(?P<name>[^/]+)"), downloads.input),
            (_pattern(r"/(?P<address>[0-9a-f]{8}(?:-[0-9a-f]{8}){7})/(?P<name>[^/]+)"), downloads.output),
            (_pattern(r"/uploads/sampleinputs/(?P<name>[^/]+)"), downloads.sample),
            (_pattern(r"/uploads/models/(?P<name>[^/]+)"), downloads.cover),
        ]

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> bool:
        """Answer the request, or return False if nothing is read there in that way."""
        path, method = scope["path"], scope["method"]
        found = self._find(path)
        if path == "/" and self._web is not None and self._web.serves(scope):
            found = None
        if method == "OPTIONS" and (found or self._posts_to(path)):
            allow = "GET, HEAD, OPTIONS" if found else "POST, OPTIONS"
            await Response(status_code=204, headers={"allow": allow})(scope, receive, send)
            return True
        if found and method in ("GET", "HEAD"):
            page, groups = found
            request = Request({**scope, "path_params": groups}, receive)
            response = await page(request)
            await response(scope, receive, send)
            return True
        if self._web is not None and self._web.serves(scope):
            await self._web(scope, receive, send)
            return True
        return False

    def _find(self, path: str) -> tuple[Page, dict[str, str]] | None:
        for pattern, page in self._table:
            if match := pattern.fullmatch(path):
                return page, match.groupdict()
        return None


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE | re.ASCII)
