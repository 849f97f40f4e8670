"""A file that a run made, wherever it lies: on this machine, or on a node of a cluster.

What becomes of it is the same in both places: it is looked at, a thumbnail is drawn, both go into the storage.
"""

import asyncio
from pathlib import Path
from typing import Protocol

import msgspec

from understudy.errors import EngineFailed, MediaRefused
from understudy.files.storage import Storage
from understudy.files.thumbnail import probe_with_thumbnail


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What a file turned out to be. Sizes in bytes."""

    content_type: str
    size: int
    width: int
    """Of its pictures, in pixels."""
    height: int
    seconds: float
    """How long they last; 0 for a still one."""
    thumbnail_size: int


class Artifact(Protocol):
    """One file."""

    @property
    def suffix(self) -> str:
        """The ending of its name, with the dot."""

    async def look(self, picture: Path) -> "tuple[Seen, Artifact]":
        """What it is, and its thumbnail: drawn at `picture`, or beside the file if that is elsewhere.

        Raises `EngineFailed` if it is no media, `ReplicaLost` if it cannot be reached any more.
        """

    async def put(self, storage: Storage, key: str) -> None:
        """`Storage.put` of it. Raises `StorageFailed`, `ReplicaLost`."""

    async def fetch(self, folder: Path) -> Path:
        """Its path on this machine, copied into `folder` if it is elsewhere. Raises `ReplicaLost`."""


class Here(msgspec.Struct, frozen=True):
    """On this machine."""

    path: Path

    @property
    def suffix(self) -> str:
        """See `Artifact`."""
        return self.path.suffix

    async def look(self, picture: Path) -> "tuple[Seen, Here]":
        """See `Artifact`. Raises `OSError`, too."""
        return await asyncio.to_thread(_looked, self.path, picture), Here(picture)

    async def put(self, storage: Storage, key: str) -> None:
        """See `Artifact`."""
        await storage.put(key, self.path)

    async def fetch(self, folder: Path) -> Path:
        """See `Artifact`."""
        return self.path


def _looked(path: Path, picture: Path) -> Seen:
    picture.parent.mkdir(exist_ok=True)
    try:
        found = probe_with_thumbnail(path, picture)
    except MediaRefused as refusal:
        raise EngineFailed(f"The engine made a file that is no media: {refusal}") from refusal
    pictures = found.video[0]
    return Seen(
        content_type=found.content_type,
        size=found.size,
        width=pictures.width,
        height=pictures.height,
        seconds=pictures.duration or 0.0,
        thumbnail_size=picture.stat().st_size,
    )
