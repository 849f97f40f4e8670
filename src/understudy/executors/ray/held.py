"""A file on a node that does not see the server's: the replica that made it keeps it until it is let go."""

from pathlib import Path
from typing import Protocol

from understudy.errors import EngineFailed
from understudy.executors.artifact import Seen
from understudy.executors.ray.node_protocol import OnNode
from understudy.files.storage import Storage

_ELSEWHERE = "what it stores does not arrive in this server's storage. Its environment variables must name the same one"


class Keeper(Protocol):
    """The replica, as its files see it. Every method raises `ReplicaLost`."""

    @property
    def stores(self) -> bool:
        """Whether the node is to put files into the storage itself."""

    async def look(self, file: OnNode) -> tuple[Seen, OnNode]:
        """What it is, and its thumbnail. Raises `EngineFailed`."""

    async def store(self, file: OnNode, key: str) -> str:
        """Have the node put it into the storage: empty, or why it cannot."""

    async def fetch(self, file: OnNode, to: Path) -> None:
        """Copy it to a path of this machine."""

    def could_not_store(self, reason: str) -> None:
        """Tell the operator."""


class Held:
    """An `Artifact` on a node."""

    def __init__(self, keeper: Keeper, file: OnNode, folder: Path) -> None:
        """`folder`: of its job, on this machine."""
        self._keeper = keeper
        self._file = file
        self._folder = folder
        self._here: Path | None = None

    @property
    def suffix(self) -> str:
        """See `Artifact`."""
        return Path(self._file.name).suffix

    async def look(self, picture: Path) -> "tuple[Seen, Held]":
        """See `Artifact`."""
        seen, thumbnail = await self._keeper.look(self._file)
        return seen, Held(self._keeper, thumbnail, self._folder)

    async def put(self, storage: Storage, key: str) -> None:
        """See `Artifact`. From the node, so that it crosses the network once; if that cannot be, from here."""
        if not (self._keeper.stores and await self._put_there(storage, key)):
            await storage.put(key, await self.fetch(self._folder))

    async def fetch(self, folder: Path) -> Path:
        """See `Artifact`. Raises `EngineFailed` for a name that leads out of the folder."""
        if self._here is None:
            here = _place(folder, self._file.name)
            await self._keeper.fetch(self._file, here)
            self._here = here
        return self._here

    async def _put_there(self, storage: Storage, key: str) -> bool:
        reason = await self._keeper.store(self._file, key)
        if not reason:
            arrived = await storage.head(key)
            if arrived is not None and arrived.size == self._file.size:
                return True
            reason = _ELSEWHERE
        self._keeper.could_not_store(reason)
        return False


def _place(folder: Path, name: str) -> Path:
    inside = folder.resolve()
    place = inside / name
    if not place.resolve().is_relative_to(inside):
        raise EngineFailed(f"The engine named a file outside the folder of its job: {place.name}")
    return place
