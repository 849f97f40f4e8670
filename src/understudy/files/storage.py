"""Where files are kept: one interface over a local folder (`folder.py`) and the clouds' buckets (`bucket.py`).

A key names one file. Keys are made by this program, never taken from outside, and what is stored under one does not
change afterwards.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Coroutine, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import unquote, urlsplit

import msgspec

from understudy.errors import ConfigurationError

CHUNK = 256 * 1024
"""Bytes in one piece of a stream, at least, but for the last."""

LONGEST_SIGNED: Final = 7 * 24 * 3600
"""Seconds that an address can be signed for: what S3 and Google's storage take (Signature Version 4)."""

_KEY = re.compile(r"[A-Za-z0-9_=@+-][A-Za-z0-9._=@+-]*(/[A-Za-z0-9_=@+-][A-Za-z0-9._=@+-]*)*")
_LONGEST_KEY = 512


class Stat(msgspec.Struct, frozen=True):
    """What is known of a stored file without reading it."""

    size: int
    etag: str
    """A strong entity tag, with its quotes."""
    modified: datetime


class Kept(msgspec.Struct, frozen=True):
    """One file, as a list of everything tells of it. Size in bytes."""

    key: str
    size: int
    modified: datetime


class Storage(Protocol):
    """Files by key. Every method raises `StorageFailed` if the storage cannot do its part, within a bounded time."""

    async def check(self) -> None:
        """Write, read and delete a small file that no key names.

        Raises `ConfigurationError`, saying what to do, if the storage has to be set up differently, `StorageFailed`
        if it is away or full at the moment.
        """

    async def put(self, key: str, source: Path) -> None:
        """Store the file at `source` under `key`, completely or not at all. It stays where it is.

        After this returns the file survives a power cut. Nobody may write to `source` afterwards: a local folder
        keeps that very file if it can. Who is cancelled in here may delete the file at once: it does not appear later.
        """

    async def put_bytes(self, key: str, content: bytes) -> None:
        """Store `content` under `key`, with the promises of `put`."""

    async def head(self, key: str) -> Stat | None:
        """Size, tag and time of the file under `key`; None if there is none."""

    def stream(self, key: str, start: int = 0, stop: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from `start` up to, not including, `stop` (None: the end) of the file under `key`, in pieces."""

    async def delete(self, keys: Iterable[str]) -> None:
        """Delete the files under `keys`; those that do not exist count as deleted."""

    def keys(self, prefix: str = "") -> AsyncIterator[Kept]:
        """Every file, or those in the folder `prefix` and its folders, in no order, without keeping them in memory.

        What is put or deleted meanwhile may be among them or not. Names that no key can have are left out.
        """

    async def signed_url(self, key: str, seconds: float, *, name: str, content_type: str) -> str | None:
        """An address where whoever knows it can GET the file under `key` for so long, at most `LONGEST_SIGNED`.

        It is answered with that content type and, in Content-Disposition, that name, as far as the storage allows.
        None if this storage has no such addresses. Whether the file exists is not looked up.
        """

    def local_path(self, key: str) -> Path | None:
        """Where the file under `key` lies on this machine, to be read only; None if it is not here."""

    async def fetch(self, key: str, to: Path) -> None:
        """Copy the file under `key` to `to`, a path of the caller's own."""


def open_storage(address: str | Path, *, sole: bool = False) -> Storage:
    """The storage at `address`: a folder's path (made if missing), `file:///path`, or a bucket (see `open_bucket`).

    `sole`: no other process writes to that folder, so drafts that lie there are nobody's and go at once.
    Nothing is asked over the network: see `Storage.check`. Raises `ConfigurationError`.
    """
    from understudy.files.bucket import open_bucket
    from understudy.files.folder import FolderStorage

    text = str(address)
    if "://" not in text:
        return FolderStorage(Path(address), sole=sole)
    if not text.lower().startswith("file:"):
        return open_bucket(text)
    url = urlsplit(text)
    if url.netloc not in ("", "localhost") or not url.path or url.query or url.fragment:
        raise ConfigurationError(
            "storage: write a folder's whole path after file://, as in file:///srv/files."
        )
    return FolderStorage(Path(unquote(url.path)), sole=sole)


async def signed_origin(storage: Storage) -> str:
    """Where its signed addresses lead, as in `https://bucket.s3.example.com`; "" if it has none. Raises `StorageFailed`.

    Taken from a signed address: whether the bucket is in the host's name or in the path, only the storage knows.
    """
    url = await storage.signed_url("origin", 60.0, name="origin", content_type="video/mp4")
    return "://".join(urlsplit(url)[:2]) if url else ""


async def settled(work: Coroutine[Any, Any, None], grace: float | None = None) -> None:
    """Do `work`. If cancelled, let it come to its end first, for at most `grace` seconds (None: however long)."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task], timeout=grace)
        task.cancel()
        raise


def check_key(key: str) -> str:
    """`key` itself. Raises ValueError, for it is a mistake of ours, if it could leave its place or be ambiguous.

    Segments of letters, digits and `._=@+-`, joined by `/`; none is empty or begins with a dot.
    """
    if not is_key(key):
        raise ValueError(f"not a storage key: {key[:80]!r}")
    return key


def is_key(text: str) -> bool:
    """Whether `check_key` lets it pass."""
    return len(text) <= _LONGEST_KEY and _KEY.fullmatch(text) is not None
