"""Files by their addresses: whoever knows the address may read the file.

What people uploaded comes back from our own origin, so no browser may take it for a page: nosniff, and a sandbox.
Where the operator wants it, a download leads to a signed address of the storage instead; one with `?download`, which
browsers save and do not show, never does.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from understudy.api.parts import Parts
from understudy.errors import NotFound, StorageFailed, UnknownPath
from understudy.files.names import content_disposition
from understudy.files.ranges import Decision, decide
from understudy.files.sniff import EVERYTHING, TYPES, accept_file
from understudy.tasks.records import File

_PIECE = 256 * 1024
_UNKNOWN_TYPE = "application/octet-stream"
_SAFE = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "sandbox; default-src 'none'; media-src 'self'; img-src 'self'",
    "cross-origin-resource-policy": "cross-origin",
    "access-control-allow-origin": "*",
    "access-control-expose-headers": "accept-ranges, content-length, content-range, etag",
    "referrer-policy": "no-referrer",
}


class NoSuchFile(NotFound):
    """Nothing is at that address, or not any more."""

    status = 404


class Downloads:
    """The endpoints."""

    def __init__(self, parts: Parts) -> None:
        self._store = parts.store
        self._storage = parts.storage
        self._catalogue = parts.catalogue
        self._signed_for = parts.signed_urls

    async def output(self, request: Request) -> Response:
        """What a task made: a clip, its thumbnail."""
        files = await self._store.files_by_address(request.path_params["address"].lower())
        return await self._stored(request, files)

    async def input(self, request: Request) -> Response:
        """What was uploaded or fetched, by its access key."""
        file = await self._store.file_by_accesskey(request.path_params["accesskey"])
        return await self._stored(request, [file] if file else [])

    async def sample(self, request: Request) -> Response:
        """A bundled sample input."""
        return await self._bundled(request, self._catalogue.sample(request.path_params["name"]))

    async def cover(self, request: Request) -> Response:
        """A model's cover."""
        return await self._bundled(request, self._catalogue.cover(request.path_params["name"]))

    async def _bundled(self, request: Request, path: Path | None) -> Response:
        if path is None:
            raise UnknownPath("Error parsing url.")
        media = await asyncio.to_thread(accept_file, path, EVERYTHING)
        stat = await asyncio.to_thread(path.stat)
        decision = _decide(
            request,
            stat.st_size,
            f'"{int(stat.st_mtime):x}-{stat.st_size:x}"',
            datetime.fromtimestamp(stat.st_mtime, UTC),
        )
        headers = _headers(decision, media.content_type, path.name, "public, max-age=3600")
        return _respond(request, decision, headers, _read(path, decision.start, decision.stop))

    async def _stored(self, request: Request, files: list[File]) -> Response:
        name = request.path_params["name"]
        file = next((each for each in files if each.name == name and each.role != "folder"), None)
        if file is None:
            raise NoSuchFile("There is no such file.")
        # What is stored under a key never changes, so the file's id is its strong entity tag.
        decision = _decide(request, file.size, f'"{file.id}"', datetime.fromtimestamp(file.modified, UTC))
        wanted = request.method == "GET" and decision.stop > decision.start
        attached = "download" in request.query_params
        # Not every storage can be told to answer with an attachment, and browsers save nothing else from elsewhere.
        if wanted and self._signed_for and not attached and (elsewhere := await self._elsewhere(file)):
            return elsewhere
        pieces = self._storage.stream(file.key, decision.start, decision.stop)
        first = b""
        if wanted:
            # Read before the status line is out: a file that storage has lost is still answered with an error.
            first = await anext(pieces, b"")
            if not first:
                raise StorageFailed(f"{file.key} is empty in storage")
        headers = _headers(decision, file.content_type, file.name, "private, max-age=3600", attached=attached)
        return _respond(request, decision, headers, _joined(first, pieces))

    async def _elsewhere(self, file: File) -> Response | None:
        """To the storage itself, which answers ranges and validators; None if it has no signed addresses."""
        url = await self._storage.signed_url(
            file.key, self._signed_for, name=file.name, content_type=file.content_type
        )
        if url is None:
            return None
        # Whoever keeps this has at least half of the time left to begin.
        cache = f"private, max-age={int(self._signed_for / 2)}"
        headers = {**_SAFE, "location": url, "cache-control": cache}
        return Response(status_code=HTTPStatus.FOUND, headers=headers)


def _decide(request: Request, size: int, etag: str, modified: datetime) -> Decision:
    headers = request.headers
    return decide(
        size=size,
        etag=etag,
        modified=modified,
        # RFC 9110, 14.2: a range is of what GET would send.
        range_=headers.get("range") if request.method == "GET" else None,
        if_range=headers.get("if-range"),
        if_none_match=headers.get("if-none-match"),
        if_modified_since=headers.get("if-modified-since"),
    )


def _headers(
    decision: Decision, content_type: str, name: str, cache: str, *, attached: bool = False
) -> dict[str, str]:
    known = content_type in TYPES
    return {
        **_SAFE,
        **decision.headers,
        "cache-control": cache,
        # What a browser could take for a page is never shown as one.
        "content-type": content_type if known else _UNKNOWN_TYPE,
        "content-disposition": content_disposition(
            name, "inline" if known and not attached else "attachment"
        ),
    }


def _respond(
    request: Request, decision: Decision, headers: dict[str, str], pieces: AsyncIterator[bytes]
) -> Response:
    if request.method == "HEAD" or decision.stop == decision.start:
        return _Bare(status_code=decision.status, headers=headers)
    return StreamingResponse(pieces, status_code=decision.status, headers=headers)


class _Bare(Response):
    """Without a body, but with the Content-Length of the one that a GET would get."""

    def init_headers(self, headers: dict[str, str] | None = None) -> None:  # type: ignore[override]
        kept = dict(headers or {})
        if self.status_code == HTTPStatus.NOT_MODIFIED:
            kept.pop("content-type", None)
        self.raw_headers = [(name.encode(), value.encode("latin-1")) for name, value in kept.items()]


async def _joined(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        yield piece


async def _read(path: Path, start: int, stop: int) -> AsyncIterator[bytes]:
    file = await asyncio.to_thread(path.open, "rb")
    try:
        file.seek(start)
        while start < stop:
            piece = await asyncio.to_thread(file.read, min(_PIECE, stop - start))
            if not piece:
                return
            start += len(piece)
            yield piece
    finally:
        file.close()
