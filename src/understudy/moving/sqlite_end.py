"""Reading an embedded store as a whole, and writing a new one."""

import os
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from understudy.errors import ConfigurationError
from understudy.moving.refusals import NotWhole, other_schema
from understudy.moving.tables import BATCH, GIVE_BACK, TABLES, Row, Table, Total, Totals, total_of
from understudy.tasks.lifecycle import TERMINAL, Status
from understudy.tasks.store.rows import columns
from understudy.tasks.store.sqlite.migrations import migrate, scripts

_HALF = 10**9
"""SQLite adds up to 2**63 only, nine million dollars: the upper and the lower digits are added up apart."""
_BUSY_SECONDS = 15.0
# The same rules as in operations.py, where a task ends, and in lifecycle.elapsed.
_STATISTICS = f"""
INSERT INTO model_statistics (model, runs, successes, errors, last_run, elapsed)
SELECT model, count(*), sum(success), sum(NOT success AND status <> '{Status.CANCEL.value}'), max(at), sum(seconds * success)
FROM (
    SELECT
        model,
        status,
        status = '{Status.POSTPROCESS_END.value}' AND pexit = '0' AS success,
        max(postprocess_ended, cancelled, ended, created) AS at,
        CASE WHEN accepted <> 0 AND max(ended, cancelled) <> 0
            THEN max(0.0, iif(ended <> 0, ended, cancelled) - accepted) ELSE 0.0 END AS seconds
    FROM tasks WHERE status IN ({", ".join(f"'{status.value}'" for status in sorted(TERMINAL))})
) GROUP BY model
"""  # noqa: S608 - the program's own words


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection to a database that exists. What fails is told as `ConfigurationError`."""
    try:
        # Not made by looking, as connecting to its path would.
        address = f"file:{quote(str(path))}?mode=rw"
        with closing(
            sqlite3.connect(address, uri=True, timeout=_BUSY_SECONDS, isolation_level=None)
        ) as connection:
            yield connection
    except sqlite3.Error as error:
        raise ConfigurationError(f"{path} cannot be used as a database: {error}.") from error


def schema_of(connection: sqlite3.Connection) -> int:
    """How many migrations it has seen."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


@asynccontextmanager
async def reading_sqlite(path: Path) -> AsyncIterator["SqliteReader"]:
    """What is in it now, whoever writes meanwhile. Raises `ConfigurationError` for another schema than this program's."""
    with opened(path) as connection:
        if (found := schema_of(connection)) != len(scripts()):
            remedy = f"understudy migrate --data {path.parent}"
            raise other_schema(str(path), found, len(scripts()), remedy)
        connection.execute("BEGIN")
        yield SqliteReader(connection)


@asynccontextmanager
async def writing_sqlite(path: Path) -> AsyncIterator["SqliteWriter"]:
    """A new file, which is at `path` when all is written and on disk; if anything fails, it is not."""
    draft = path.with_name(f"{path.name}.draft")
    draft.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(draft, isolation_level=None)) as connection:
            # Nobody needs a draft that was not finished, so nothing has to bring it back.
            for pragma in (
                "journal_mode = OFF",
                "synchronous = OFF",
                "cache_size = -64000",
                "foreign_keys = ON",
            ):
                connection.execute(f"PRAGMA {pragma}")
            migrate(connection)
            connection.execute("BEGIN")
            yield SqliteWriter(connection)
            connection.execute(_STATISTICS)
            connection.execute("COMMIT")
        put_in_place(draft, path)
    except sqlite3.Error as error:
        raise NotWhole(f"{path} cannot be written: {error}.") from error
    finally:
        draft.unlink(missing_ok=True)


def put_in_place(draft: Path, path: Path) -> None:
    """What is in the draft is on disk and at `path`, or is not there at all."""
    for place in (draft, path.parent):
        descriptor = os.open(place, os.O_RDONLY)
        try:
            if place == path.parent:
                draft.replace(path)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


class SqliteReader:
    """`Reader` of a connection with a transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    async def rows(self, table: Table) -> AsyncIterator[list[Row]]:
        """See `Reader`."""
        order = columns(table.order) or "rowid"
        sql = f"SELECT {columns(table.columns)} FROM {table.name} ORDER BY {order}"  # noqa: S608
        cursor = self._connection.execute(sql)
        while batch := cursor.fetchmany(BATCH):
            yield batch

    async def totals(self) -> Totals:
        """See `Reader`."""
        return totals_of(self._connection)


class SqliteWriter:
    """`Writer` of a connection with a transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    async def write(self, table: Table, batches: AsyncIterator[list[Row]]) -> None:
        """See `Writer`."""
        marks = ", ".join("?" * len(table.columns))
        sql = f"INSERT INTO {table.name} ({columns(table.columns)}) VALUES ({marks})"  # noqa: S608
        async for batch in batches:
            self._connection.executemany(sql, batch)

    async def totals(self) -> Totals:
        """See `Writer`."""
        return totals_of(self._connection)

    async def give_back(self) -> int:
        """See `Writer`."""
        return give_back(self._connection)


def totals_of(connection: sqlite3.Connection) -> Totals:
    """What is in a database."""
    return {table.name: _total(connection, table) for table in TABLES}


def give_back(connection: sqlite3.Connection) -> int:
    """Tasks that were running go back to the queue; returns how many."""
    return connection.execute(GIVE_BACK).rowcount


def _total(connection: sqlite3.Connection, table: Table) -> Total:
    halves = "".join(f', sum("{name}" / {_HALF}), sum("{name}" % {_HALF})' for name in table.sums)
    rows, *sums = connection.execute(f"SELECT count(*){halves} FROM {table.name}").fetchone()  # noqa: S608
    numbers = [number or 0 for number in sums]
    upper, lower = numbers[::2], numbers[1::2]
    return total_of(iter((rows, *(high * _HALF + low for high, low in zip(upper, lower, strict=True)))))
