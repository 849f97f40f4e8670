"""The embedded store without its writer thread: what is asked for in one step of the loop is committed in the next.

So a simulation is the same each time, and does not wait for threads.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from understudy.tasks.store.sqlite.migrations import migrate
from understudy.tasks.store.sqlite.store import SqliteStore, _connect
from understudy.tasks.store.sqlite.writer import BATCH, Operation, Writer, _Request, _settle

T = TypeVar("T")


class OnTheLoop(Writer):
    """Runs operations and commits them together, as `Writer` does."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        self._asked: list[_Request] = []
        self.commits = 0

    async def run(self, operation: Operation[T], then: Callable[[T], None] | None = None) -> T:
        """See `Writer`."""
        future: asyncio.Future[T] = self._loop.create_future()
        if not self._asked:
            self._loop.call_soon(self._write)
        self._asked.append(_Request(operation, future, then))
        return await future

    async def close(self) -> None:
        """See `Writer`."""
        self._write()
        self._connection.close()

    def _write(self) -> None:
        while self._asked:
            batch, self._asked = self._asked[:BATCH], self._asked[BATCH:]
            self.commits += 1
            _settle(self._commit(batch))


def open_on_the_loop(path: Path) -> tuple[SqliteStore, OnTheLoop]:
    """A new store in that file."""
    writing = _connect(path)
    migrate(writing)
    writer = OnTheLoop(writing)
    return SqliteStore(writer, _connect(path)), writer
