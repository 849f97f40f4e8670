"""The installation's storage as a node reaches it: with credentials of the node's own, if it has some."""

import asyncio
import time
from pathlib import Path

from understudy.errors import ConfigurationError, StorageFailed
from understudy.files.storage import Storage, open_storage

_AGAIN = 60.0
"""Seconds after which a storage that could not be used is tried again."""
_PATIENCE = 5.0
"""Seconds that a file waits for the first trial to end. Where there is no way to the bucket, that takes 20 s."""


class NodeStorage:
    """It is tried while a job is still played, so that nobody waits to hear that it cannot be used from here."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._storage: Storage | None = None
        self._trial: asyncio.Task[None] | None = None
        self._tried = 0.0
        self._reason = ""
        """Why it could not be used when it was tried last."""

    def begin(self) -> asyncio.Task[None]:
        """Try it, unless it works, or was tried just now; the latest trial."""
        if self._trial is None or (
            self._trial.done() and self._storage is None and time.monotonic() > self._tried + _AGAIN
        ):
            self._trial = asyncio.create_task(self._try())
        return self._trial

    async def put(self, path: Path, key: str) -> str:
        """Store the file; empty, or the reason why that cannot be done from here."""
        trial = self._trial or self.begin()
        if not self._reason:
            await asyncio.wait({trial}, timeout=_PATIENCE)
        if self._storage is None:
            return self._reason or "the storage has not answered yet"
        try:
            await self._storage.put(key, path)
        except StorageFailed as error:
            return error.message.replace(key, "a file")
        return ""

    async def _try(self) -> None:
        try:
            storage = await asyncio.to_thread(open_storage, self._address)
            await storage.check()
            self._storage = storage
        except (ConfigurationError, StorageFailed) as error:
            self._reason = error.message
        finally:
            self._tried = time.monotonic()
