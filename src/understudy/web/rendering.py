"""Templates to pages. Every value is escaped; what is markup is made by macros alone."""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import HTMLResponse

from understudy.web.headers import page_headers
from understudy.web.parts import WebParts
from understudy.web.shown.words import ago, dollars, duration, moment, number, size
from understudy.web.static_files import StaticFiles
from understudy.web.visit import Visitor

if TYPE_CHECKING:
    from jinja2 import Environment


class Renderer:
    """Makes pages."""

    def __init__(self, parts: WebParts, static: StaticFiles) -> None:
        self._parts = parts
        self._static = static
        self._headers = page_headers(parts.media_origins)

    @cached_property
    def _environment(self) -> "Environment":
        # Late: a server that nobody looks at does without it.
        from jinja2 import Environment, PackageLoader, StrictUndefined

        environment = Environment(
            loader=PackageLoader(__package__),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        words: dict[str, Callable[..., str]] = {
            "ago": lambda at: ago(at, self._parts.clock()),
            "dollars": dollars,
            "duration": duration,
            "moment": moment,
            "number": number,
            "size": size,
        }
        environment.filters.update(words)
        environment.globals.update(static=self._static.url, server_time=self._parts.clock)
        return environment

    def page(
        self, template: str, request: Request, visitor: Visitor | None, *, status: int = 200, **what: Any
    ) -> HTMLResponse:
        """A whole page, or a part of one, with the headers of all pages."""
        text = self._environment.get_template(template).render(
            visitor=visitor, path=request.scope["path"], **what
        )
        return HTMLResponse(text, status, dict(self._headers))
