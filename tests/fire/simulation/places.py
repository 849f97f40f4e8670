"""Where a simulated cluster keeps its tasks: SQLite in a folder, or a PostgreSQL server."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from tests.fire.simulation.loop import VirtualLoop
from tests.fire.simulation.writer import open_on_the_loop
from understudy.tasks.lifecycle import RUNNING
from understudy.tasks.store.postgres.connections import Connections, connect
from understudy.tasks.store.postgres.database import Database
from understudy.tasks.store.postgres.migrations import migrate
from understudy.tasks.store.postgres.store import PostgresStore
from understudy.tasks.store.store import Store

if TYPE_CHECKING:
    from asyncpg import Connection, Record


class Place(Protocol):
    """A store, and a look into it from outside."""

    store: Store
    tallies: str
    """A query: project, model, how many of its tasks wait, how many run."""

    async def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What a query returns."""

    async def transactions(self) -> int:
        """How many the store has made."""

    async def close(self) -> None:
        """The store is not used after it."""


class InAFolder:
    """SQLite."""

    _running = ", ".join(f"'{status}'" for status in RUNNING)
    tallies = f"""
    SELECT project, model, sum(n) FILTER (WHERE status = 'task_queue'), sum(n) FILTER (WHERE status IN ({_running}))
    FROM task_counts GROUP BY project, model
    """

    def __init__(self, folder: Path) -> None:
        self.store, self._writer = open_on_the_loop(folder / "tasks.db")
        self._reading = sqlite3.connect(folder / "tasks.db")

    async def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """See `Place`."""
        return self._reading.execute(sql).fetchall()

    async def transactions(self) -> int:
        """See `Place`: those that write."""
        return self._writer.commits

    async def close(self) -> None:
        """See `Place`."""
        self._reading.close()
        await self.store.close()


class AtAServer:
    """PostgreSQL. Its statements take real time, during which no virtual time passes."""

    tallies = """
    SELECT project, model, sum(queued)::bigint, sum(running)::bigint FROM tallies GROUP BY project, model
    """

    def __init__(self, url: str, loop: VirtualLoop, looking: "Connection[Record]") -> None:
        self.store = PostgresStore(url, Database(_Outside(url, 10, loop), own_clock=False))
        self._loop = loop
        self._looking = looking
        self._looks = 0

    @classmethod
    async def open(cls, url: str, loop: VirtualLoop) -> "AtAServer":
        """With an empty database at that address."""
        await loop.outside(migrate(url))
        return cls(url, loop, await loop.outside(connect(url)))

    async def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """See `Place`."""
        self._looks += 1
        return [tuple(row) for row in await self._loop.outside(self._looking.fetch(sql))]

    async def transactions(self) -> int:
        """See `Place`: those that only read, too."""
        ((made,),) = await self.rows(
            "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
        )
        return int(made) - self._looks

    async def close(self) -> None:
        """See `Place`."""
        await self._loop.outside(self.store.close())
        await self._loop.outside(self._looking.close())


class _Outside(Connections):
    def __init__(self, url: str, size: int, loop: VirtualLoop) -> None:
        super().__init__(url, size)
        self._loop = loop

    async def fetch(self, sql: str, *cells: Any) -> "list[Record]":
        return await self._loop.outside(super().fetch(sql, *cells))

    @asynccontextmanager
    async def one(self) -> "AsyncIterator[Connection[Record]]":
        with self._loop.held():
            async with super().one() as connection:
                yield connection
