"""From something outside to a verified file in a run's folder, in the form that engines get."""

import asyncio
from collections.abc import Collection
from pathlib import Path
from secrets import token_hex

import msgspec

from understudy.errors import MediaRefused
from understudy.files.images import MAX_PIXELS, upright, verify_image
from understudy.files.names import safe_name
from understudy.files.outbound import Outbound
from understudy.files.probe import probe
from understudy.files.sniff import EVERYTHING, PICTURES, Kind, MediaType, accept_file
from understudy.files.storage import Storage

MAX_BYTES = 100_000_000
"""Of one input file, unless told otherwise."""


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """One input file, verified."""

    path: Path
    """What engines get: for a picture upright RGB (see `images.upright`), otherwise the same as `original`."""
    original: Path
    """The bytes as they came, to be kept. The fields below speak of it."""
    content_type: str
    """By its bytes."""
    name: str
    """Safe to show, with a fitting extension."""
    size: int


class Intake:
    """Takes input files in. Everything that decodes happens in a thread. Limits apply to each file."""

    def __init__(
        self,
        outbound: Outbound,
        *,
        max_bytes: int = MAX_BYTES,
        max_pixels: int = MAX_PIXELS,
        deadline: float = 60.0,
    ) -> None:
        """`deadline`: seconds that fetching one address may take, redirects included."""
        self._outbound = outbound
        self._max_bytes = max_bytes
        self._max_pixels = max_pixels
        self._deadline = deadline

    async def from_url(self, url: str, folder: Path, kinds: Collection[Kind] = PICTURES) -> Prepared:
        """Fetch an address from outside into `folder`, a folder of the run's own.

        Raises `AddressRefused`, `FetchFailed` or `MediaRefused`.
        """
        path = folder / token_hex(8)
        fetched = await self._outbound.get_to_file(
            url, path, max_bytes=self._max_bytes, kinds=kinds, deadline=self._deadline
        )
        # Some programs go by the extension.
        named = await asyncio.to_thread(path.rename, path.with_suffix(Path(fetched.name).suffix))
        return await self.from_file(named, fetched.name, folder, kinds)

    async def from_storage(
        self, storage: Storage, key: str, name: str, folder: Path, kinds: Collection[Kind] = PICTURES
    ) -> Prepared:
        """Take a stored file, where it lies if that is on this machine. Raises `StorageFailed` or `MediaRefused`."""
        path = storage.local_path(key)
        if path is None:
            path = folder / token_hex(8)
            await storage.fetch(key, path)
        return await self.from_file(path, name, folder, kinds)

    async def from_file(
        self, path: Path, name: str, folder: Path, kinds: Collection[Kind] = PICTURES
    ) -> Prepared:
        """Take a file of this machine, an upload or a sample, which stays where it is. Raises `MediaRefused`."""
        return await asyncio.to_thread(self._prepare, path, name, folder, kinds)

    async def check(self, path: Path, name: str, kinds: Collection[Kind] = EVERYTHING) -> Prepared:
        """Verify an upload before it is stored; nothing is written. Raises `MediaRefused`."""
        return await asyncio.to_thread(self._prepare, path, name, None, kinds)

    def _prepare(self, path: Path, name: str, folder: Path | None, kinds: Collection[Kind]) -> Prepared:
        media = accept_file(path, kinds)
        size = path.stat().st_size
        if size > self._max_bytes:
            raise MediaRefused(f"The file is larger than the limit of {self._max_bytes:,} bytes.")
        return Prepared(
            path=self._verified(path, media, folder),
            original=path,
            content_type=media.content_type,
            name=safe_name(name, media.content_type),
            size=size,
        )

    def _verified(self, path: Path, media: MediaType, folder: Path | None) -> Path:
        if media.kind != "image":
            probe(path)
            return path
        if folder is None:
            verify_image(path, self._max_pixels)
            return path
        return upright(path, folder, self._max_pixels)
