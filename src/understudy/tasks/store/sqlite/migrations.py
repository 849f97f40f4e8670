"""The schema, as numbered SQL files; `PRAGMA user_version` says how many of them a database has seen."""

import re
import sqlite3
from collections.abc import Iterator
from importlib import resources

from understudy.errors import ConfigurationError


def scripts() -> list[tuple[int, str]]:
    """The numbered scripts in order: (1, sql), (2, sql), ..."""
    folder = resources.files(__package__) / "migrations"
    named = sorted(
        (int(file.name[:4]), file.read_text()) for file in folder.iterdir() if file.name.endswith(".sql")
    )
    assert [number for number, _ in named] == list(range(1, len(named) + 1)), "migrations are numbered from 1"
    return named


def migrate(connection: sqlite3.Connection) -> int:
    """Bring the schema up to date, each script in a transaction of its own; returns its version.

    Raises `ConfigurationError` if the database was written by a newer version of the program.
    """
    known = scripts()
    for number, script in known:
        connection.execute("BEGIN IMMEDIATE")
        try:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version > len(known):
                raise ConfigurationError(
                    f"The database has schema {version}; this version of Understudy knows up to {len(known)}."
                    " Start the newer version that wrote it."
                )
            if version < number:
                for statement in statements(script):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {number}")
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
    return len(known)


def statements(script: str) -> Iterator[str]:
    """Its statements one by one (`executescript` would commit the transaction that they belong to)."""
    part = ""
    for line in re.sub(r"^--.*$", "", script, flags=re.MULTILINE).splitlines(keepends=True):
        part += line
        if sqlite3.complete_statement(part):
            yield part.strip()
            part = ""
    assert not part.strip(), "a migration ends with a complete statement"
