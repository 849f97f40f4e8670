"""Storage in a bucket: S3, Google Cloud Storage, Azure, through obstore (the extra `[storage]`)."""

import asyncio
import os
import stat
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from datetime import timedelta
from functools import partial
from itertools import islice
from pathlib import Path, PurePosixPath
from secrets import token_hex
from typing import TYPE_CHECKING, Final

from understudy.errors import StorageFailed
from understudy.files.bucket_client import Clients, Patience, open_clients
from understudy.files.bucket_errors import (
    checking,
    failing,
    is_broken_off,
    is_past_the_end,
    is_without_bucket,
)
from understudy.files.names import content_disposition
from understudy.files.signature import signed_with
from understudy.files.sniff import TYPES
from understudy.files.storage import CHUNK, LONGEST_SIGNED, Kept, Stat, check_key, is_key, settled

if TYPE_CHECKING:
    from obstore import GetOptions

_PART: Final = 5 * 1024 * 1024
"""Bytes sent at a time: the smallest that S3 takes, so that a slow line has the longest for each."""
_PARTS: Final = 4
"""Sent at the same time; each is in memory."""
_BATCH: Final = 1000
"""Files in one list or delete: what S3 takes."""
_AT_ONCE: Final = 10
"""Deletes at the same time, where they have to be made one by one."""
_ATTEMPTS: Final = 3
"""At what broke off before the whole answer was there, which obstore does not always try again."""
_GRACE: Final = 3.0
"""Seconds that a cancelled upload has to come to its end: enough for an answer that is on its way."""

_CONTENT_TYPES: Final = {ext: media.content_type for media in TYPES.values() for ext in media.extensions}
_UNKNOWN_TYPE: Final = "application/octet-stream"


def open_bucket(address: str, patience: Patience | None = None) -> "BucketStorage":
    """The storage at an `s3://`, `gs://` or `az://` address, or `memory:///`, which is gone with the process.

    Credentials come from the cloud's usual environment variables. Raises `ConfigurationError`.
    """
    clients = open_clients(address, patience or Patience())
    secret = os.environ.get("AWS_SECRET_ACCESS_KEY", "") if address.startswith("s3:") else ""
    return BucketStorage(clients, address, secret)


class BucketStorage:
    """`Storage` in an object store."""

    def __init__(self, clients: Clients, address: str, secret: str = "") -> None:
        """`secret`: of the access key, if there is one, to sign what obstore cannot."""
        self._store = clients.quick
        self._uploads = clients.uploads
        self._address = address
        self._secret = secret

    async def check(self) -> None:
        """See `Storage.check`."""
        with checking(f"storage: {self._address}"):
            await _persistently(self._check)

    async def put(self, key: str, source: Path) -> None:
        """See `Storage.put`."""
        check_key(key)
        await settled(self._put(key, source), _GRACE)

    async def put_bytes(self, key: str, content: bytes) -> None:
        """See `Storage.put_bytes`."""
        check_key(key)
        await settled(self._put(key, content), _GRACE)

    async def head(self, key: str) -> Stat | None:
        """See `Storage.head`."""
        import obstore

        with failing(f"storage could not look for {check_key(key)}"):
            try:
                meta = await obstore.head_async(self._store, key)
            except FileNotFoundError:
                return None
        return Stat(meta["size"], meta["e_tag"] or f'"{meta["size"]:x}"', meta["last_modified"])

    async def stream(self, key: str, start: int = 0, stop: int | None = None) -> AsyncIterator[bytes]:
        """See `Storage.stream`. A connection that breaks is made again, a few times for each piece."""
        from obstore.exceptions import BaseError

        check_key(key)
        at, etag, failures = start, None, 0
        while stop is None or at < stop:
            try:
                async for piece, tag in self._read(key, at, stop, etag):
                    etag, failures = tag, 0
                    at += len(piece)
                    yield piece
                return
            except FileNotFoundError as error:
                if is_without_bucket(error):
                    raise StorageFailed(f"{key} cannot be read: the bucket does not exist") from error
                raise StorageFailed(f"there is no file {key} in storage") from error
            except (BaseError, OSError) as error:
                if is_past_the_end(error):
                    return
                failures += 1
                # What came in the middle of a piece is lost with it, so the first failure proves nothing.
                if failures == _ATTEMPTS or not is_broken_off(error):
                    with failing(f"storage could not read {key}"):
                        raise

    async def delete(self, keys: Iterable[str]) -> None:
        """See `Storage.delete`."""
        left = iter([check_key(key) for key in keys])
        while batch := list(islice(left, _BATCH)):
            with failing(f"storage could not delete {batch[0]}"):
                await _persistently(partial(self._delete, batch))

    async def keys(self, prefix: str = "") -> AsyncIterator[Kept]:
        """See `Storage.keys`."""
        import obstore
        from obstore.exceptions import BaseError

        if prefix:
            check_key(prefix)
        last, failures = None, 0
        pages = aiter(obstore.list(self._store, prefix or None, chunk_size=_BATCH))
        while True:
            try:
                page = await anext(pages, None)
            except BaseError as error:
                failures += 1
                if failures == _ATTEMPTS or not is_broken_off(error):
                    with failing("storage could not list its files"):
                        raise
                # Where a list can break off, it is in the order of the names.
                pages = aiter(obstore.list(self._store, prefix or None, offset=last, chunk_size=_BATCH))
                continue
            if page is None:
                return
            failures = 0
            for meta in page:
                last = meta["path"]
                if is_key(last):
                    yield Kept(last, meta["size"], meta["last_modified"])

    async def signed_url(self, key: str, seconds: float, *, name: str, content_type: str) -> str | None:
        """See `Storage.signed_url`. S3 with an access key is told what to answer; else what was said with the upload is.

        That is the content type which belongs to the key's extension, and no name.
        """
        import obstore
        from obstore.store import AzureStore, GCSStore, S3Store

        check_key(key)
        if not 0 < seconds <= LONGEST_SIGNED:
            raise ValueError(f"an address cannot be signed for {seconds} seconds")
        if not isinstance(self._store, (S3Store, GCSStore, AzureStore)):
            return None
        with failing(f"storage could not sign an address of {key}"):
            url = await obstore.sign_async(self._store, "GET", key, timedelta(seconds=seconds))
        if not self._secret:
            return url
        known = content_type in TYPES
        return signed_with(
            url,
            self._secret,
            {
                # What a browser could take for a page is never shown as one.
                "response-content-type": content_type if known else _UNKNOWN_TYPE,
                "response-content-disposition": content_disposition(
                    name, "inline" if known else "attachment"
                ),
            },
        )

    def local_path(self, key: str) -> Path | None:
        """See `Storage.local_path`: never here."""
        check_key(key)
        return None

    async def fetch(self, key: str, to: Path) -> None:
        """See `Storage.fetch`."""
        try:
            file = await asyncio.to_thread(to.open, "wb")
            try:
                async for piece in self.stream(key):
                    await asyncio.to_thread(file.write, piece)
            finally:
                await asyncio.to_thread(file.close)
        except OSError as error:
            raise StorageFailed(f"{key} could not be copied from storage: {error.strerror}") from error

    async def _check(self) -> None:
        import obstore

        name = f".check-{token_hex(8)}"
        await obstore.put_async(self._store, name, b"check")
        answer = await obstore.get_async(self._store, name)
        if bytes(await answer.bytes_async()) != b"check":
            raise StorageFailed(f"storage: {self._address}: it gave back something else than was put in")
        await obstore.delete_async(self._store, name)

    async def _put(self, key: str, content: Path | bytes) -> None:
        size = await asyncio.to_thread(_size, content, key) if isinstance(content, Path) else len(content)
        with failing(f"storage could not take {key}"):
            await _persistently(partial(self._upload, key, content, size))

    async def _upload(self, key: str, content: Path | bytes, size: int) -> None:
        import obstore

        kind = _CONTENT_TYPES.get(PurePosixPath(key).suffix, _UNKNOWN_TYPE)
        await obstore.put_async(
            self._uploads if size > _PART else self._store,
            key,
            content,
            attributes={"Content-Type": kind},
            chunk_size=_PART,
            max_concurrency=_PARTS,
        )

    async def _read(
        self, key: str, start: int, stop: int | None, etag: str | None
    ) -> AsyncIterator[tuple[bytes, str | None]]:
        """One connection's pieces, and the tag of the file that they are of; only of the one with `etag`, if given."""
        import obstore

        options: GetOptions = {}
        if stop is not None:
            options["range"] = (start, stop)
        elif start:
            options["range"] = {"offset": start}
        if etag is not None:
            options["if_match"] = etag
        answer = await obstore.get_async(self._store, key, options=options)
        async for piece in answer.stream(min_chunk_size=CHUNK):
            if piece:
                yield bytes(piece), answer.meta["e_tag"]

    async def _delete(self, keys: list[str]) -> None:
        import obstore

        try:
            await obstore.delete_async(self._store, keys)
        except FileNotFoundError as error:
            if is_without_bucket(error):
                raise
            # Google's and Azure's storage say so if one is not there, and the others may not have been tried.
            left = iter(keys)
            while some := list(islice(left, _AT_ONCE)):
                await asyncio.gather(*(self._delete_one(key) for key in some))

    async def _delete_one(self, key: str) -> None:
        import obstore

        try:
            await obstore.delete_async(self._store, key)
        except FileNotFoundError as error:
            if is_without_bucket(error):
                raise


async def _persistently(act: Callable[[], Awaitable[None]]) -> None:
    """Do what may be done twice, again if the connection breaks off before the whole answer is there."""
    from obstore.exceptions import BaseError

    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return await act()
        except FileNotFoundError as error:
            # Of an upload in parts the last answer was lost, and when the request was repeated there was no such
            # upload any more.
            if attempt == _ATTEMPTS or is_without_bucket(error):
                raise
        except BaseError as error:
            if attempt == _ATTEMPTS or not is_broken_off(error):
                raise
    raise AssertionError("the last attempt returns or raises")


def _size(source: Path, key: str) -> int:
    try:
        seen = source.lstat()
    except OSError as error:
        raise StorageFailed(f"storage could not take {key}: {error.strerror}") from error
    if not stat.S_ISREG(seen.st_mode):
        raise StorageFailed(f"storage could not take {key}: it is not a plain file")
    return seen.st_size
