"""The clip of a job: streamed into a file, from the server itself or from where it points to."""

import asyncio
import re
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin, urlsplit

from understudy.engines.engine import Output
from understudy.engines.openai_videos.answers import body_of, seconds_to_wait
from understudy.engines.openai_videos.connection import MAX_ANSWER, Connection
from understudy.engines.partner import Tools
from understudy.errors import AddressRefused, FetchFailed, MediaRefused, PartnerAway, ResultLost
from understudy.files.sniff import HEAD, Kind, accept

if TYPE_CHECKING:
    import httpx2

NAME: Final = "clip.mp4"
MAX_CLIP: Final = 2 * 1024 * 1024 * 1024
"""Bytes."""

_VIDEOS: Final[tuple[Kind, ...]] = ("video",)
_HOPS: Final = 3
_WRITE: Final = 1024 * 1024
_NO_CLIP: Final = ("text/", "application/json", "application/xml", "application/xhtml", "application/problem")
_AWAY: Final = "The connection broke while the partner's clip was copied."


async def copy(
    connection: Connection, tools: Tools, path: str, query: Mapping[str, str], folder: Path, within: float
) -> tuple[Output, ...]:
    """The clip at `path` below the base address, copied into `folder`, in at most `within` seconds.

    Raises `PartnerAway`, `ResultLost`.
    """
    import anyio
    import httpx2

    to = folder / NAME
    try:
        async with asyncio.timeout(within):
            elsewhere = await _from_server(connection, tools, path, query, to)
            if elsewhere:
                await _from_elsewhere(tools, elsewhere, to)
    except (
        httpx2.HTTPError,
        httpx2.StreamError,
        httpx2.InvalidURL,
        # Of a broken TLS connection; httpx2 does not turn it into one of its own.
        anyio.EndOfStream,
        ssl.SSLError,
        TimeoutError,
    ) as error:
        await _drop(to)
        raise PartnerAway(_AWAY) from error
    except OSError as error:
        await _drop(to)
        raise PartnerAway(
            f"The clip cannot be saved here: {error.strerror or type(error).__name__}."
        ) from error
    except BaseException:
        await asyncio.shield(_drop(to))
        raise
    return (Output(NAME),)


async def _from_server(
    connection: Connection, tools: Tools, path: str, query: Mapping[str, str], to: Path
) -> str:
    """Save the clip, or give the address elsewhere that the server points to; "" if the clip is saved."""
    url, asked = path, query
    for _ in range(_HOPS):
        async with connection.stream(url, asked) as response:
            if response.is_success:
                await _save(response, to)
                return ""
            here = str(response.url)
            target = await _pointed_to(response, tools)
        # Query parameters are in the address that a redirect gives.
        try:
            url, asked = urljoin(here, target), {}
            elsewhere = _origin(url) != _origin(here)
        except ValueError as error:
            raise ResultLost("The partner points to something that is no address.") from error
        if elsewhere:
            return url
    raise PartnerAway("The partner sends a request for its clip round in circles.")


async def _pointed_to(response: "httpx2.Response", tools: Tools) -> str:
    """The address in a redirect, or in the error with which SGLang tells where a clip was uploaded to."""
    status = response.status_code
    if status in (301, 302, 303, 307, 308) and response.headers.get("location"):
        return str(response.headers["location"])
    if status in (403, 404, 410):
        raise ResultLost(f"The partner does not have the clip any more (it answers {status}).")
    if status == 400:
        link = re.search(r"https?://[^\s\"'<>]{1,2000}", _told(await _read(response)))
        if link:
            return link[0].rstrip(".,;)")
    if status == 422:
        raise ResultLost("The partner has no clip for this job: it failed after all.")
    raise PartnerAway(
        f"The partner answers {status} instead of its clip.",
        retry_after=seconds_to_wait(response.headers, tools.clock()),
    )


def _told(content: bytes) -> str:
    """The words of an error answer, not shortened: an address in them has to stay whole."""
    body = body_of(content) or {}
    told = body.get("detail") or body.get("error")
    if isinstance(told, dict):
        told = told.get("message") or told.get("url")
    return told if isinstance(told, str) else ""


async def _read(response: "httpx2.Response") -> bytes:
    """A body that is no clip: as much of it as an answer may be."""
    pieces = bytearray()
    async for piece in response.aiter_raw():
        pieces += piece
        if len(pieces) > MAX_ANSWER:
            raise PartnerAway("The partner's answer is too large.")
    return bytes(pieces)


async def _save(response: "httpx2.Response", to: Path) -> None:
    said = response.headers.get("content-type", "").strip().lower()
    if said.startswith(_NO_CLIP):
        raise PartnerAway(f"The partner answers with {said.partition(';')[0]} instead of a clip.")
    head = bytearray()
    size = 0
    waiting = bytearray()
    with await asyncio.to_thread(to.open, "wb") as file:
        async for piece in response.aiter_raw():
            size += len(piece)
            if size > MAX_CLIP:
                raise ResultLost(f"The partner's clip is larger than {MAX_CLIP:,} bytes.")
            head += piece[: HEAD - len(head)]
            waiting += piece
            if len(waiting) >= _WRITE:
                await asyncio.to_thread(file.write, waiting)
                waiting = bytearray()
        await asyncio.to_thread(file.write, waiting)
    try:
        accept(bytes(head), _VIDEOS)
    except MediaRefused as error:
        raise ResultLost("What the partner gives as the clip is no video.") from error


async def _from_elsewhere(tools: Tools, url: str, to: Path) -> None:
    await _drop(to)
    try:
        # Without the key: it is for the server alone.
        await tools.fetch(url, to, {})
    except MediaRefused as error:
        raise ResultLost("What the partner gives as the clip is no video.") from error
    except AddressRefused as error:
        raise ResultLost(f"The partner's clip lies where this server must not fetch from: {error}") from error
    except FetchFailed as error:
        raise PartnerAway(f"The clip could not be copied from where the partner put it: {error}") from error


async def _drop(path: Path) -> None:
    await asyncio.to_thread(path.unlink, missing_ok=True)


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    default = {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, (parts.hostname or "").lower(), parts.port or default
