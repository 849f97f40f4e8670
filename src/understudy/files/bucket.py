"""Storage in a bucket: S3, Google Cloud Storage, Azure, through obstore (the extra `[storage]`)."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from understudy.errors import ConfigurationError, StorageFailed
from understudy.files.storage import CHUNK, Stat, check_key

if TYPE_CHECKING:
    from obstore import GetOptions
    from obstore.store import ObjectStore


def open_bucket(address: str) -> "BucketStorage":
    """The storage at an `s3://`, `gs://`, `az://` or `memory:///` address.

    Credentials come from the cloud's usual environment variables. Raises `ConfigurationError`.
    """
    try:
        from obstore.exceptions import BaseError
        from obstore.store import from_url
    except ImportError as error:
        raise ConfigurationError(
            f"storage: {address} needs the extra: pip install 'understudy[storage]'."
        ) from error
    try:
        return BucketStorage(from_url(address))
    except (BaseError, ValueError) as error:
        raise ConfigurationError(f"storage: {str(error).splitlines()[0]}") from error


class BucketStorage:
    """`Storage` in an object store."""

    def __init__(self, store: "ObjectStore") -> None:
        self._store = store

    async def put(self, key: str, source: Path) -> None:
        """See `Storage.put`."""
        import obstore

        with _failing(check_key(key)):
            await obstore.put_async(self._store, key, source)

    async def put_bytes(self, key: str, content: bytes) -> None:
        """See `Storage.put_bytes`."""
        import obstore

        with _failing(check_key(key)):
            await obstore.put_async(self._store, key, content)

    async def head(self, key: str) -> Stat | None:
        """See `Storage.head`."""
        import obstore

        with _failing(check_key(key)):
            try:
                meta = await obstore.head_async(self._store, key)
            except FileNotFoundError:
                return None
        return Stat(meta["size"], meta["e_tag"] or f'"{meta["size"]:x}"', meta["last_modified"])

    async def stream(self, key: str, start: int = 0, stop: int | None = None) -> AsyncIterator[bytes]:
        """See `Storage.stream`."""
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
        """See `Storage.delete`."""
        import obstore

        for key in keys:
            with _failing(check_key(key)):
                try:
                    await obstore.delete_async(self._store, key)
                except FileNotFoundError:
                    continue

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


@contextmanager
def _failing(key: str) -> Iterator[None]:
    """Turn what a store raises into `StorageFailed`."""
    from obstore.exceptions import BaseError

    try:
        yield
    except FileNotFoundError as error:
        raise StorageFailed(f"there is no file {key} in storage") from error
    except (BaseError, OSError) as error:
        # The store's own words name folders and hosts; they stay with the cause.
        raise StorageFailed(f"storage could not handle {key}: {type(error).__name__}") from error
