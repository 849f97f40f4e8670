"""Where files are kept: one interface over a local folder (`folder.py`) and the clouds' buckets (`bucket.py`).

A key names one file. Keys are made by this program, never taken from outside, and what is stored under one does not
change afterwards.
"""

import re
from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from pathlib import Path
from typing import Protocol

import msgspec

CHUNK = 256 * 1024
"""Bytes in one piece of a stream, at least, but for the last."""

_KEY = re.compile(r"[A-Za-z0-9_=@+-][A-Za-z0-9._=@+-]*(/[A-Za-z0-9_=@+-][A-Za-z0-9._=@+-]*)*")
_LONGEST_KEY = 512


class Stat(msgspec.Struct, frozen=True):
    """What is known of a stored file without reading it."""

    size: int
    etag: str
    """A strong entity tag, with its quotes."""
    modified: datetime


class Storage(Protocol):
    """Files by key. Every method raises `StorageFailed` if the storage cannot do its part."""

    async def put(self, key: str, source: Path) -> None:
        """Store the file at `source` under `key`, completely or not at all. It stays where it is.

        After this returns the file survives a power cut. Nobody may write to `source` afterwards: a local folder
        keeps that very file if it can.
        """

    async def put_bytes(self, key: str, content: bytes) -> None:
        """Store `content` under `key`, with the promises of `put`."""

    async def head(self, key: str) -> Stat | None:
        """Size, tag and time of the file under `key`; None if there is none."""

    def stream(self, key: str, start: int = 0, stop: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from `start` up to, not including, `stop` (None: the end) of the file under `key`, in pieces."""

    async def delete(self, keys: Iterable[str]) -> None:
        """Delete the files under `keys`; those that do not exist count as deleted."""

    def local_path(self, key: str) -> Path | None:
        """Where the file under `key` lies on this machine, to be read only; None if it is not here."""

    async def fetch(self, key: str, to: Path) -> None:
        """Copy the file under `key` to `to`, a path of the caller's own."""


def open_storage(address: str | Path, *, sole: bool = False) -> Storage:
    """The storage at `address`: a folder's path (made if missing), `file://`, or a bucket (see `open_bucket`).

    `sole`: no other process writes to that folder, so drafts that lie there are nobody's and go at once.
    Raises `ConfigurationError`.
    """
    from understudy.files.bucket import open_bucket
    from understudy.files.folder import FolderStorage

    text = str(address)
    if "://" not in text:
        return FolderStorage(Path(address), sole=sole)
    if text.startswith("file://"):
        return FolderStorage(Path(text.removeprefix("file://")), sole=sole)
    return open_bucket(text)


def check_key(key: str) -> str:
    """`key` itself. Raises ValueError, for it is a mistake of ours, if it could leave its place or be ambiguous.

    Segments of letters, digits and `._=@+-`, joined by `/`; none is empty or begins with a dot.
    """
    if len(key) > _LONGEST_KEY or not _KEY.fullmatch(key):
        raise ValueError(f"not a storage key: {key[:80]!r}")
    return key
