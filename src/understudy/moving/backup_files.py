"""The files of a backup, while servers add and delete some.

The database was read before: what was added since then is not in it, and what was deleted since then is missed here.
"""

import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

from understudy.config import Settings
from understudy.errors import StorageFailed
from understudy.files.storage import Storage, open_storage
from understudy.moving import archive
from understudy.moving.archive import ArchiveWriter, Contents, Gone
from understudy.moving.places import Folder, Place
from understudy.moving.sqlite_end import opened, reading_sqlite
from understudy.moving.stored_files import files_of
from understudy.stores import store_of
from understudy.tasks.records import File
from understudy.tasks.store.store import Store


async def write_files(settings: Settings, place: Place, database: Path, writing: ArchiveWriter) -> Contents:
    """Every file that the database has a record of; those that were deleted since then go from the records, too.

    Raises `StorageFailed`.
    """
    storage = open_storage(settings.storage or settings.data / "files")
    number = size = 0
    lacking = []
    async with reading_sqlite(database) as reader:
        async for file in files_of(reader):
            if await _write_file(file, storage, writing, database.parent):
                number, size = number + 1, size + file.size
            else:
                lacking.append(file)
    async with _records(settings, place) as records:
        deleted = [file for file in lacking if not await records.has_file(file.id)]
        tasks = {file.task for file in deleted if file.task and await records.has_deleted_files(file.task)}
    known = {file.id for file in deleted}
    missing = tuple(Gone(key=file.key, task=file.task) for file in lacking if file.id not in known)
    gone = tuple(_forget(database, deleted, tasks))
    return Contents(rows={}, files=number, size=size, missing=missing, deleted=gone)


async def _write_file(file: File, storage: Storage, writing: ArchiveWriter, drafts: Path) -> bool:
    """Whether the storage has it."""
    async with _at_hand(file, storage, drafts) as path:
        try:
            with path.open("rb") as content:
                if os.fstat(content.fileno()).st_size != file.size:
                    return False
                writing.add(archive.FILES + file.key, content, file.size)
        except FileNotFoundError:
            return False
    return True


@asynccontextmanager
async def _at_hand(file: File, storage: Storage, drafts: Path) -> AsyncIterator[Path]:
    """A path that has it, or has nothing."""
    here = storage.local_path(file.key)
    if here is not None:
        yield here
        return
    fetched = drafts / "fetched"
    fetched.unlink(missing_ok=True)
    # Asked after a failure, not before each: whoever deletes it may do so between the two.
    try:
        await storage.fetch(file.key, fetched)
    except StorageFailed:
        fetched.unlink(missing_ok=True)
        if await storage.head(file.key) is not None:
            raise
    yield fetched


class _Records(Protocol):
    """What the store says by now."""

    async def has_file(self, id: str) -> bool:
        """Whether it has that file's record."""

    async def has_deleted_files(self, task: int) -> bool:
        """Whether all files of a task were deleted."""


class _SharedRecords:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def has_file(self, id: str) -> bool:
        return await self._store.file(id) is not None

    async def has_deleted_files(self, task: int) -> bool:
        found = await self._store.task(task)
        return found is not None and found.files_deleted


class _EmbeddedRecords:
    """Without opening it as a store, which would bring an older one up to date."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    async def has_file(self, id: str) -> bool:
        return bool(self._connection.execute("SELECT 1 FROM files WHERE id = ?", (id,)).fetchone())

    async def has_deleted_files(self, task: int) -> bool:
        sql = "SELECT 1 FROM tasks WHERE id = ? AND files_deleted"
        return bool(self._connection.execute(sql, (task,)).fetchone())


@asynccontextmanager
async def _records(settings: Settings, place: Place) -> AsyncIterator[_Records]:
    if isinstance(place, Folder):
        with opened(place.database) as connection:
            yield _EmbeddedRecords(connection)
    else:
        async with store_of(settings, settings.data) as store:
            yield _SharedRecords(store)


def _forget(database: Path, deleted: list[File], tasks: set[int]) -> list[Gone]:
    """Take the records of files out of a database, and those of all files of these tasks; returns what is out."""
    gone = [Gone(key=file.key, task=file.task) for file in deleted]
    with opened(database) as connection:
        connection.execute("BEGIN")
        for file in deleted:
            connection.execute("DELETE FROM files WHERE id = ?", (file.id,))
        for task in tasks:
            connection.execute("UPDATE tasks SET files_deleted = 1 WHERE id = ?", (task,))
            others = connection.execute("DELETE FROM files WHERE task = ? RETURNING key", (task,))
            gone += [Gone(key=key, task=task) for (key,) in others.fetchall()]
        connection.execute("COMMIT")
    return gone
