"""Where files are kept: one interface over a local folder, S3, Google Cloud Storage and Azure.

A key names one file. Keys are made by this program, never taken from outside, and what is stored under one does not
change afterwards. `open_storage` gives the right kind for an address; for a local folder see `folder.py`.
"""

import re
from collections.abc import AsyncIterator, Iterable
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from understudy.errors import ConfigurationError, StorageFailed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from obstore import GetOptions
    from obstore.store import ObjectStore

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


class Storage:
    """Files by key in an object store. Every method raises `StorageFailed` if the store cannot do its part."""

    def __init__(self, store: "ObjectStore") -> None:
        self._store = store

    async def put(self, key: str, source: Path) -> None:
        """Store the file at `source` under `key`, completely or not at all. It stays where it is.

        After this returns the file survives a power cut. Nobody may write to `source` afterwards: a local folder
        keeps that very file if it can.
        """
        import obstore

        with _failing(check_key(key)):
            await obstore.put_async(self._store, key, source)

    async def put_bytes(self, key: str, content: bytes) -> None:
        """Store `content` under `key`, with the promises of `put`."""
        import obstore

        with _failing(check_key(key)):
            await obstore.put_async(self._store, key, content)

    async def head(self, key: str) -> Stat | None:
        """Size, tag and time of the file under `key`; None if there is none."""
        import obstore

        with _failing(check_key(key)):
            try:
                meta = await obstore.head_async(self._store, key)
            except FileNotFoundError:
                return None
        return Stat(meta["size"], meta["e_tag"] or f'"{meta["size"]:x}"', meta["last_modified"])

    async def stream(self, key: str, start: int = 0, stop: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from `start` up to, not including, `stop` (None: the end) of the file under `key`, in pieces."""
        import obstore

        if stop is not None and stop <= start:
            return
        options: GetOptions = {}
        if stop is not None:
            options = {"range": (start, stop)}
        elif start:
            options = {"range": {"offset": start}}
        with _failing(check_key(key)):
            answer = await obstore.get_async(self._store, key, options=options)
            async for piece in answer.stream(min_chunk_size=CHUNK):
                if piece:
                    yield bytes(piece)

    async def delete(self, keys: Iterable[str]) -> None:
        """Delete the files under `keys`; those that do not exist count as deleted."""
        import obstore

        for key in keys:
            with _failing(check_key(key)):
                try:
                    await obstore.delete_async(self._store, key)
                except FileNotFoundError:
                    continue

    def local_path(self, key: str) -> Path | None:
        """Where the file under `key` lies on this machine, to be read only; None if it is not here."""
        check_key(key)
        return None

    async def fetch(self, key: str, to: Path) -> None:
        """Copy the file under `key` to `to`, a path of the caller's own."""
        import asyncio

        try:
            file = await asyncio.to_thread(to.open, "wb")
            try:
                async for piece in self.stream(key):
                    await asyncio.to_thread(file.write, piece)
            finally:
                await asyncio.to_thread(file.close)
        except OSError as error:
            raise StorageFailed(f"{key} could not be copied from storage: {error.strerror}") from error


def open_storage(address: str | Path) -> Storage:
    """The storage at `address`: a folder's path (made if missing), `s3://`, `gs://`, `az://` or `memory:///`.

    Credentials of a cloud come from its usual environment variables. Raises `ConfigurationError`.
    """
    from understudy.files.folder import FolderStorage

    text = str(address)
    if "://" not in text:
        return FolderStorage(Path(address))
    if text.startswith("file://"):
        return FolderStorage(Path(text.removeprefix("file://")))
    from obstore.exceptions import BaseError
    from obstore.store import from_url

    try:
        return Storage(from_url(text))
    except (BaseError, ValueError) as error:
        raise ConfigurationError(f"storage: {str(error).splitlines()[0]}") from error


def check_key(key: str) -> str:
    """`key` itself. Raises ValueError, for it is a mistake of ours, if it could leave its place or be ambiguous.

    Segments of letters, digits and `._=@+-`, joined by `/`; none is empty or begins with a dot.
    """
    if len(key) > _LONGEST_KEY or not _KEY.fullmatch(key):
        raise ValueError(f"not a storage key: {key[:80]!r}")
    return key


@contextmanager
def _failing(key: str) -> "Iterator[None]":
    """Turn what a store raises into `StorageFailed`."""
    from obstore.exceptions import BaseError

    try:
        yield
    except FileNotFoundError as error:
        raise StorageFailed(f"there is no file {key} in storage") from error
    except (BaseError, OSError) as error:
        # The store's own words name folders and hosts; they stay with the cause.
        raise StorageFailed(f"storage could not handle {key}: {type(error).__name__}") from error
