"""The schema, as numbered SQL files; the table `schema_version` says how many of them a database has seen."""

from importlib import resources
from typing import TYPE_CHECKING

from understudy.errors import ConfigurationError
from understudy.tasks.store.postgres.connections import address, first_connection

if TYPE_CHECKING:
    from asyncpg import Connection, Record

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('understudy schema ' || current_schema(), 0))"
_LOCK_SECONDS = 120
"""For another process that is bringing a large database up to date."""
_RESTORED = "SELECT 1 FROM folding WHERE upto > pg_current_xact_id()"


def scripts() -> list[tuple[int, str]]:
    """The numbered scripts in order: (1, sql), (2, sql), ..."""
    folder = resources.files(__package__) / "migrations"
    named = sorted(
        (int(file.name[:4]), file.read_text()) for file in folder.iterdir() if file.name.endswith(".sql")
    )
    assert [number for number, _ in named] == list(range(1, len(named) + 1)), "migrations are numbered from 1"
    return named


async def migrate(url: str) -> tuple[int, int]:
    """Bring the schema up to date in one transaction; returns its version before and after.

    Raises `ConfigurationError` if the database cannot be used, or was written by a newer version of the program.
    """
    connection = await first_connection(url)
    import asyncpg

    try:
        async with connection.transaction():
            return await _migrate(connection)
    except asyncpg.InsufficientPrivilegeError as error:
        raise ConfigurationError(
            f"{address(url)} does not let this user make tables: {error}."
            " Make the user the owner of the database, or have the owner run: understudy migrate."
        ) from error
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
        raise ConfigurationError(f"{address(url)} cannot be brought up to date: {error}.") from error
    finally:
        await connection.close()


async def _migrate(connection: "Connection[Record]") -> tuple[int, int]:
    known = scripts()
    # The time limits of everyday work are not for this.
    await connection.execute("SET LOCAL statement_timeout = 0")
    await connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
    await connection.execute(_LOCK, timeout=_LOCK_SECONDS)
    await _make_table_of_version(connection)
    before = await connection.fetchval("SELECT version FROM schema_version")
    if before > len(known):
        raise ConfigurationError(
            f"The database has schema {before}; this version of Understudy knows up to {len(known)}."
            " Start the newer version that wrote it."
        )
    for number, script in known:
        if number > before:
            await connection.execute(script, timeout=3600)
    if before < len(known):
        await connection.execute("UPDATE schema_version SET version = $1", len(known))
    await _make_current(connection)
    return before, len(known)


async def _make_table_of_version(connection: "Connection[Record]") -> None:
    # Not "IF NOT EXISTS", which asks for the right to make tables even when there is nothing to make.
    if await connection.fetchval("SELECT to_regclass('schema_version')") is None:
        await connection.execute(
            "CREATE TABLE schema_version (version integer NOT NULL);"
            "INSERT INTO schema_version (version) VALUES (0)"
        )


async def _make_current(connection: "Connection[Record]") -> None:
    """What a dump brought along from another server counts transactions as that one did."""
    if await connection.fetchval(_RESTORED):
        await connection.execute(
            "UPDATE changes SET xid = pg_current_xact_id(); UPDATE folding SET upto = pg_current_xact_id()"
        )
