"""One authenticated POST, as its endpoint sees it."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from understudy.api.body import Body, read_body
from understudy.api.parts import Limits
from understudy.api.stream import BodyStream
from understudy.files.sniff import EVERYTHING, Kind
from understudy.tasks.records import Project

Endpoint = Callable[["Call"], Awaitable[dict[str, Any] | bytes]]
"""Returns the answer: an object, or its JSON. Raises `RequestError`."""


class Call:
    """Who asks, where, and what: the body is read when an endpoint wants it."""

    def __init__(
        self,
        project: Project,
        path: str,
        headers: Mapping[bytes, bytes],
        stream: BodyStream,
        limits: Limits,
        incoming: Path,
    ) -> None:
        """`headers`: by lower-case name."""
        self.project = project
        self.path = path
        self.headers = headers
        self._stream = stream
        self._limits = limits
        self._incoming = incoming
        self._body: Body | None = None

    async def body(self, kinds: Collection[Kind] = EVERYTHING) -> Body:
        """The body, with files of `kinds`; raises as `read_body`."""
        if self._body is None:
            self._body = await read_body(
                self._stream,
                self.headers,
                limits=self._limits,
                incoming=self._incoming,
                kinds=kinds,
            )
        return self._body

    async def fields(self) -> dict[str, Any]:
        """The fields of the body, for endpoints that take no files."""
        return (await self.body()).fields

    def discard(self) -> None:
        """Delete what the body left on the disk."""
        if self._body is not None and self._body.uploads:
            self._body.discard()
