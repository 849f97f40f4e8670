"""Reading a shared store as a whole, and filling an empty one."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from understudy.errors import ConfigurationError
from understudy.moving.refusals import NotWhole, not_empty, other_schema, still_served
from understudy.moving.tables import BATCH, GIVE_BACK, TABLES, Row, Table, Totals, total_of
from understudy.tasks.store.postgres.cells import plain, to_text
from understudy.tasks.store.postgres.connections import address, first_connection
from understudy.tasks.store.postgres.migrations import migrate, scripts
from understudy.tasks.store.rows import columns

if TYPE_CHECKING:
    from asyncpg import Connection, Record

log = logging.getLogger(__name__)

_LONG = 24 * 3600.0
"""Seconds that one statement may take: the time limits of everyday work are not for this."""
_UNLIMITED = "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0"
_LOCK = (
    f"SET LOCAL lock_timeout = '5s'; LOCK TABLE {', '.join(table.name for table in TABLES)} IN EXCLUSIVE MODE"
)
_SERVED = """
SELECT count(*) FROM leases WHERE what LIKE 'process %' AND until > extract(epoch FROM clock_timestamp())
"""
# What is still to be added to balances and spending is added here (see the table `changes`).
_PENDING = {
    "projects": """
        SELECT projects.*, (balance + (SELECT coalesce(sum(moved), 0) FROM pending WHERE pending.project = projects.id))::bigint
            AS "whole balance"
        FROM projects
    """,
    "spending": """
        SELECT project, hour, sum(amount)::bigint AS amount FROM (
            SELECT project, hour, amount FROM spending
            UNION ALL SELECT project, hour, spent FROM pending WHERE spent <> 0
        ) AS spent GROUP BY project, hour
    """,
}


async def processes_on(url: str) -> int:
    """How many processes of a server give signs of life there."""
    async with _transaction(url, readonly=True) as connection:
        await _check_schema(connection, url)
        return int(await connection.fetchval(_SERVED))


@asynccontextmanager
async def reading_postgres(url: str) -> AsyncIterator["PostgresReader"]:
    """What is in it now, whoever writes meanwhile. Raises `ConfigurationError` for another schema than this program's."""
    async with _transaction(url, readonly=True) as connection:
        await _check_schema(connection, url)
        yield PostgresReader(connection)


async def check_empty_postgres(url: str) -> None:
    """Raises `ConfigurationError` if it cannot be used, is not empty or is being served. Has its schema after it."""
    await migrate(url)
    async with _transaction(url, readonly=True) as connection:
        await _check_empty(connection, url)


@asynccontextmanager
async def writing_postgres(url: str) -> AsyncIterator["PostgresWriter"]:
    """An empty database, which has its schema or is given it, filled in one transaction.

    Raises `ConfigurationError` if it cannot be used, is not empty or is being served.
    """
    await migrate(url)
    async with _transaction(url) as connection:
        await connection.execute(_LOCK)
        await _check_empty(connection, url)
        yield PostgresWriter(connection)
        for table in TABLES:
            if table.numbered:
                await connection.execute(_next_id(table.name), timeout=_LONG)
    try:
        async with _transaction(url) as connection:
            await connection.execute("SELECT fold()", timeout=_LONG)
            # So that the first queries are planned for what there is, and not for empty tables.
            await connection.execute(f"ANALYZE {', '.join(table.name for table in TABLES)}", timeout=_LONG)
    except (ConfigurationError, NotWhole) as error:
        # All is there: whoever were told that this had failed would take its files away again.
        log.info("servers and autovacuum do the rest: %s", error.message)


class PostgresReader:
    """`Reader` of a connection with a snapshot."""

    def __init__(self, connection: "Connection[Record]") -> None:
        self._connection = connection

    async def rows(self, table: Table) -> AsyncIterator[list[Row]]:
        """See `Reader`."""
        order = columns(table.order) or "number"
        sql = f"SELECT {_columns(table)} FROM {_from(table)} ORDER BY {order}"  # noqa: S608
        batch: list[Row] = []
        async for row in self._connection.cursor(sql, prefetch=BATCH, timeout=_LONG):
            batch.append(plain(row))
            if len(batch) == BATCH:
                yield batch
                batch = []
        if batch:
            yield batch

    async def totals(self) -> Totals:
        """See `Reader`."""
        return await _totals(self._connection)


class PostgresWriter:
    """`Writer` of a connection with a transaction."""

    def __init__(self, connection: "Connection[Record]") -> None:
        self._connection = connection

    async def write(self, table: Table, batches: AsyncIterator[list[Row]]) -> None:
        """See `Writer`."""
        async for batch in batches:
            await self._connection.copy_records_to_table(
                table.name,
                records=[[to_text(cell) if type(cell) is str else cell for cell in row] for row in batch],
                columns=table.columns,
                timeout=_LONG,
            )

    async def totals(self) -> Totals:
        """See `Writer`."""
        return await _totals(self._connection)

    async def give_back(self) -> int:
        """See `Writer`."""
        done = await self._connection.execute(GIVE_BACK, timeout=_LONG)
        return int(done.rpartition(" ")[2])


@asynccontextmanager
async def _transaction(url: str, *, readonly: bool = False) -> AsyncIterator["Connection[Record]"]:
    """One transaction; `readonly`: it sees what there was at its beginning."""
    import asyncpg

    connection = await first_connection(url)
    try:
        # Who writes has to see what others wrote before it had its locks.
        isolation = "repeatable_read" if readonly else "read_committed"
        async with connection.transaction(isolation=isolation, readonly=readonly):
            await connection.execute(_UNLIMITED)
            yield connection
    except (asyncpg.PostgresError, asyncpg.InterfaceError, ConnectionError, TimeoutError) as error:
        # The first line only: others may quote what is in the tables.
        said = next(iter(str(error).splitlines()), "") or type(error).__name__
        raise NotWhole(f"{address(url)} did not do its part: {said}. Nothing was changed there.") from error
    finally:
        await connection.close()


async def _check_schema(connection: "Connection[Record]", url: str) -> None:
    if await connection.fetchval("SELECT to_regclass('schema_version')") is None:
        raise ConfigurationError(
            f"{address(url)} is none of Understudy's: it has no tables. Check the address."
        )
    found = await connection.fetchval("SELECT version FROM schema_version")
    if found != len(scripts()):
        raise other_schema(address(url), found, len(scripts()), "understudy migrate")


async def _check_empty(connection: "Connection[Record]", url: str) -> None:
    if processes := await connection.fetchval(_SERVED):
        raise still_served(address(url), processes)
    for table in TABLES:
        if rows := await connection.fetchval(f"SELECT count(*) FROM {table.name}", timeout=_LONG):  # noqa: S608
            raise not_empty(address(url), f"{rows} rows in the table {table.name}")


async def _totals(connection: "Connection[Record]") -> Totals:
    totals = {}
    for table in TABLES:
        sums = "".join(f", sum({_column(table, name)})" for name in table.sums)
        sql = f"SELECT count(*){sums} FROM {_from(table)}"  # noqa: S608
        totals[table.name] = total_of(iter(await connection.fetchrow(sql, timeout=_LONG) or ()))
    return totals


def _from(table: Table) -> str:
    return f"({_PENDING[table.name]}) AS {table.name}" if table.name in _PENDING else table.name


def _columns(table: Table) -> str:
    return ", ".join(_column(table, name) for name in table.columns)


def _column(table: Table, name: str) -> str:
    return '"whole balance"' if (table.name, name) == ("projects", "balance") else f'"{name}"'


def _next_id(table: str) -> str:
    return (
        f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), greatest(1, coalesce(max(id), 0)), count(*) > 0)"  # noqa: S608
        f" FROM {table}"
    )
