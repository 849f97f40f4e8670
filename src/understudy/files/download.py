"""Saving the body of an answer as it streams in: bounded in size, its type known by its bytes before the rest comes."""

import asyncio
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import msgspec

from understudy.errors import FetchFailed
from understudy.files.names import safe_name
from understudy.files.sniff import HEAD, Kind, MediaType, accept

if TYPE_CHECKING:
    import httpx

_WRITE = 1024 * 1024


class Fetched(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was fetched."""

    content_type: str
    """By its bytes."""
    size: int
    name: str
    """A safe name made from the address."""


async def save(
    answer: "httpx.Response", url: str, to: Path, max_bytes: int, kinds: Collection[Kind]
) -> Fetched:
    """Save the body of `answer`, which came from `url`, as `to`: a new file, gone again if this raises.

    Raises `FetchFailed` if it is larger than `max_bytes`, whatever it declares, or compressed; `MediaRefused` if it is
    not of one of `kinds`.
    """
    if answer.headers.get("content-encoding", "").strip().lower() not in ("", "identity"):
        raise FetchFailed("The address gives the file compressed, although that was not asked for.")
    declared = answer.headers.get("content-length", "")
    if declared.isdecimal() and len(declared) < 20:
        _bound(int(declared), max_bytes)
    try:
        media, size = await _write(answer, to, max_bytes, kinds)
    except BaseException:
        await asyncio.shield(asyncio.to_thread(to.unlink, missing_ok=True))
        raise
    return Fetched(content_type=media.content_type, size=size, name=_name(url, media.content_type))


async def _write(
    answer: "httpx.Response", to: Path, max_bytes: int, kinds: Collection[Kind]
) -> tuple[MediaType, int]:
    media: MediaType | None = None
    waiting = bytearray()
    size = 0
    with await asyncio.to_thread(to.open, "xb") as file:
        async for piece in answer.aiter_raw():
            size += len(piece)
            _bound(size, max_bytes)
            waiting += piece
            if media is None and size >= HEAD:
                media = accept(bytes(waiting[:HEAD]), kinds)
            if len(waiting) >= _WRITE:
                await asyncio.to_thread(file.write, waiting)
                waiting = bytearray()
        media = media or accept(bytes(waiting[:HEAD]), kinds)
        await asyncio.to_thread(file.write, waiting)
    return media, size


def _bound(size: int, max_bytes: int) -> None:
    if size > max_bytes:
        raise FetchFailed(f"The file at the address is larger than the limit of {max_bytes:,} bytes.")


def _name(url: str, content_type: str) -> str:
    path = url.split("#", 1)[0].split("?", 1)[0].partition("://")[2]
    return safe_name(unquote(path.partition("/")[2]), content_type)
