"""Putting files on the shelf: into the storage first, into the store second, and never half.

A file is in the storage before a record points at it. If the record is not written, the file is taken down again: at
once if something failed, or at the next start if the process died in between, for which a note of what is being put
is left in a folder meanwhile.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from secrets import token_hex

import msgspec

from understudy.files.storage import Storage
from understudy.tasks.records import File
from understudy.tasks.store.store import Store


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
        keys = [file.key for file in files]
        if not keys:
            yield
            return
        note = self._notes / token_hex(8)
        await asyncio.to_thread(note.write_bytes, msgspec.json.encode({file.id: file.key for file in files}))
        try:
            for file, path in files.items():
                await self._storage.put(file.key, path)
            yield
        except BaseException:
            await asyncio.shield(self._storage.delete(keys))
            raise
        finally:
            note.unlink(missing_ok=True)

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
            left = [key for id, key in put.items() if await self._store.file(id) is None]
            await self._storage.delete(left)
            swept += len(left)
            note.unlink()
        return swept
