"""Putting files on the shelf: into the storage first, into the store second, and never half.

A file is in the storage before a record points at it. If the record is not written, the file is taken down again: at
once if something failed, or at the next start if the process died in between, for which a note of what is being put
is left in a folder meanwhile.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from secrets import token_hex

import msgspec

from understudy.errors import StorageFailed, StoreUnavailable
from understudy.files.storage import Storage
from understudy.tasks.records import File
from understudy.tasks.store.store import Store

log = logging.getLogger(__name__)


class Shelf:
    """Puts files into the storage for as long as it takes to write their records."""

    def __init__(self, *, store: Store, storage: Storage, notes: Path) -> None:
        """`notes`: an existing folder."""
        self._store = store
        self._storage = storage
        self._notes = notes

    @asynccontextmanager
    async def holding(self, files: Mapping[File, Path]) -> AsyncIterator[None]:
        """Put the files into the storage; their records are to be written inside. What fails there takes them down."""
        if not files:
            yield
            return
        put = {file.id: file.key for file in files}
        note = self._notes / token_hex(8)
        await asyncio.to_thread(note.write_bytes, msgspec.json.encode(put))
        try:
            for file, path in files.items():
                await self._storage.put(file.key, path)
            yield
        except BaseException:
            await asyncio.shield(self._tidy(note, put))
            raise
        note.unlink()

    async def take_down(self, files: Mapping[File, Path]) -> None:
        """Their records are not written after all."""
        await self._storage.delete([file.key for file in files])

    async def sweep(self) -> int:
        """Take down what a process that is gone put up without writing a record; returns how many files."""
        swept = 0
        for note in sorted(self._notes.iterdir()):
            try:
                put = msgspec.json.decode(await asyncio.to_thread(note.read_bytes), type=dict[str, str])
            except msgspec.DecodeError:
                put = {}  # it died while it wrote the note: nothing was put yet
            swept += await self._take_down_unrecorded(put)
            note.unlink()
        return swept

    async def _tidy(self, note: Path, put: Mapping[str, str]) -> None:
        try:
            # Who is cancelled while a record is being written does not know whether it was: once this is answered,
            # what was asked for before is decided.
            await self._store.ping()
            await self._take_down_unrecorded(put)
        except (StoreUnavailable, StorageFailed):
            log.warning("files without a record stay until the next start")
        else:
            await asyncio.to_thread(note.unlink)

    async def _take_down_unrecorded(self, put: Mapping[str, str]) -> int:
        left = [key for id, key in put.items() if await self._store.file(id) is None]
        await self._storage.delete(left)
        return len(left)
