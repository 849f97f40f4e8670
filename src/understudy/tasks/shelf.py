"""Putting files on the shelf: into the storage first, into the store second, and never half.

A file is in the storage before a record points at it, and is taken out after the record is gone. Between the two
there is a note of what is being put or taken: if the process dies, whoever finds the note takes down what has no record.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from secrets import token_hex
from typing import Protocol

import msgspec

from understudy.errors import ReplicaLost, StorageFailed, StoreUnavailable
from understudy.files.storage import Storage
from understudy.tasks.records import File
from understudy.tasks.store.store import Store

log = logging.getLogger(__name__)


class Source(Protocol):
    """A file that is not on this machine, perhaps (see `executors.artifact`)."""

    async def put(self, storage: Storage, key: str) -> None:
        """`Storage.put` of it. Raises `ReplicaLost`, too, if it cannot be reached any more."""


class Notes(Protocol):
    """Notes of files, their places in the storage by id. What was written survives a crash of the process."""

    async def note_shelving(self, note: str, owner: str, put: Mapping[str, str]) -> None:
        """Write a note."""

    async def drop_shelvings(self, notes: Sequence[str]) -> set[str]:
        """Forget notes; returns those that were there."""

    async def take_abandoned_shelvings(
        self, owner: str, at: float, limit: int = 100
    ) -> dict[str, dict[str, str]]:
        """The notes of processes that are gone at that time, by the names under which they are the `owner`'s now.

        Those that it has taken before and not dropped come again.
        """

    async def is_being_swept(self, note: str) -> bool:
        """Whether somebody has taken a note and is not done with it."""


class FolderNotes:
    """Notes in a folder that no other process uses: what it finds there is an earlier one's."""

    def __init__(self, folder: Path) -> None:
        """`folder`: an existing one."""
        self._folder = folder
        self._own: set[str] = set()

    async def note_shelving(self, note: str, owner: str, put: Mapping[str, str]) -> None:
        """See `Notes`."""
        self._own.add(note)
        await asyncio.to_thread((self._folder / note).write_bytes, msgspec.json.encode(put))

    async def drop_shelvings(self, notes: Sequence[str]) -> set[str]:
        """See `Notes`."""
        for note in notes:
            (self._folder / note).unlink(missing_ok=True)
            self._own.discard(note)
        return set(notes)

    async def is_being_swept(self, note: str) -> bool:
        """See `Notes`: nobody else is there."""
        return False

    async def take_abandoned_shelvings(
        self, owner: str, at: float, limit: int = 100
    ) -> dict[str, dict[str, str]]:
        """See `Notes`."""
        found = {}
        for path in sorted(self._folder.iterdir())[:limit]:
            if path.name in self._own:
                continue
            try:
                found[path.name] = msgspec.json.decode(
                    await asyncio.to_thread(path.read_bytes), type=dict[str, str]
                )
            except msgspec.DecodeError:
                found[path.name] = {}  # its writer died while it wrote the note: nothing was put yet
        return found


class Shelf:
    """Puts files into the storage for as long as it takes to write their records, and takes them out."""

    def __init__(self, *, store: Store, storage: Storage, notes: Notes, owner: str = "") -> None:
        """`owner` names this process."""
        self._store = store
        self._storage = storage
        self._notes = notes
        self._owner = owner
        self._done: list[str] = []
        self._untidy: dict[str, Mapping[str, str]] = {}
        self._dropping: asyncio.Task[None] | None = None
        self._tidying: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def holding(self, files: Mapping[File, Path | Source]) -> AsyncIterator[None]:
        """Put the files into the storage; their records are to be written inside. What fails there takes them down."""
        if not files:
            yield
            return
        put = {file.id: file.key for file in files}
        began = time.monotonic()
        note = await self._noted(put)
        try:
            await self._put(files)
            yield
        except ReplicaLost:
            # What a node had sent before it was lost may arrive after this.
            self._tidy_later(note, put)
            raise
        except BaseException:
            await asyncio.shield(self._tidy(note, put))
            raise
        if time.monotonic() - began < STALE_SECONDS:
            self._drop(note)
        else:
            await asyncio.shield(self._put_again(note, files))

    async def take_down(self, files: Iterable[File]) -> None:
        """Their records are not written after all."""
        await self._storage.delete([file.key for file in files])

    async def clear(self, task: int) -> None:
        """Delete the files of a task, records first; its own record stays, marked."""
        gone = {file.id: file.key for file in await self._store.files_of(task)}
        note = await self._noted(gone)
        try:
            keys = await self._store.delete_files(task)
            await self._storage.delete(keys)
        except BaseException:
            self._tidy_later(note, gone)
            raise
        self._drop(note)

    async def sweep(self, at: float) -> int:
        """Take down what processes that are gone put up without writing a record; returns how many files."""
        swept = 0
        for note, put in (await self._notes.take_abandoned_shelvings(self._owner, at)).items():
            swept += await self._take_down_unrecorded(put)
            await self._notes.drop_shelvings([note])
        return swept

    async def close(self) -> None:
        """Forget the notes that are not needed any more. What could not be tidied is left to whoever sweeps."""
        if self._tidying is not None:
            self._tidying.cancel()
            await asyncio.gather(self._tidying, return_exceptions=True)
        if self._dropping is not None:
            await asyncio.wait({self._dropping}, timeout=_CLOSE_SECONDS)
            self._dropping.cancel()
            await asyncio.gather(self._dropping, return_exceptions=True)

    async def _put(self, files: Mapping[File, Path | Source]) -> None:
        for file, source in files.items():
            if isinstance(source, Path):
                await self._storage.put(file.key, source)
            else:
                await source.put(self._storage, file.key)

    async def _put_again(self, note: str, files: Mapping[File, Path | Source]) -> None:
        """A process that stood still for so long may count as gone, and what it had put up is swept meanwhile."""
        for _ in range(_TRIES):
            try:
                if await self._notes.drop_shelvings([note]):
                    return
                while await self._notes.is_being_swept(note):  # noqa: ASYNC110 - another process is waited for
                    await asyncio.sleep(_RETRY_SECONDS)
                await self._put(files)
                return
            except (StoreUnavailable, StorageFailed, ReplicaLost) as error:
                failure = error
                await asyncio.sleep(_RETRY_SECONDS)
        log.error("files may be missing that have a record: %s: %s", [file.key for file in files], failure)
        self._drop(note)

    async def _noted(self, put: Mapping[str, str]) -> str:
        note = token_hex(8)
        try:
            await self._notes.note_shelving(note, self._owner, put)
        except BaseException:
            # Of nothing, but it may have been written, and as long as this process lives nobody else takes it away.
            self._tidy_later(note, {})
            raise
        return note

    def _drop(self, note: str) -> None:
        # Nobody waits for it: a note that stays a little longer says of files with a record that they have one.
        self._done.append(note)
        if self._dropping is None or self._dropping.done():
            self._dropping = asyncio.create_task(self._drop_done())

    async def _drop_done(self) -> None:
        while self._done:
            notes, self._done = self._done, []
            try:
                await self._notes.drop_shelvings(notes)
            except StoreUnavailable:
                self._done += notes
                await asyncio.sleep(_RETRY_SECONDS)
            except BaseException:
                self._done += notes
                raise

    async def _tidy(self, note: str, put: Mapping[str, str]) -> None:
        try:
            # Who is cancelled while a record is being written does not know whether it was: once this is answered,
            # what was asked for before is decided.
            await self._store.ping()
            await self._take_down_unrecorded(put)
            await self._notes.drop_shelvings([note])
        except (StoreUnavailable, StorageFailed):
            log.warning("files without a record stay for now; they are taken down later")
            self._tidy_later(note, put)

    def _tidy_later(self, note: str, put: Mapping[str, str]) -> None:
        self._untidy[note] = put
        if self._tidying is None or self._tidying.done():
            self._tidying = asyncio.create_task(self._tidy_up())

    async def _tidy_up(self) -> None:
        while self._untidy:
            await asyncio.sleep(_TIDY_SECONDS)
            untidy, self._untidy = self._untidy, {}
            for note, put in untidy.items():
                await self._tidy(note, put)

    async def _take_down_unrecorded(self, put: Mapping[str, str]) -> int:
        left = [key for id, key in put.items() if await self._store.file(id) is None]
        await self._storage.delete(left)
        return len(left)


STALE_SECONDS = 20.0
"""Less than it takes until a process counts as gone."""
_RETRY_SECONDS = 1.0
_TRIES = 15
_TIDY_SECONDS = 5.0
_CLOSE_SECONDS = 2.0
"""A server that stops does not wait for a store that is away."""
