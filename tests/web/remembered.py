"""All that a store remembers, so that a test can tell whether anything has changed."""

import sqlite3
from pathlib import Path

_COMES_AND_GOES = ('"sessions"', '"sqlite_sequence"')
"""Tables that change by being looked at, or by signing in."""


def remembered(folder: Path) -> list[str]:
    """The rows of the store in a folder, as statements."""
    connection = sqlite3.connect(folder / "understudy.db")
    try:
        return [
            line
            for line in connection.iterdump()
            if not line.startswith(tuple(f"INSERT INTO {table}" for table in _COMES_AND_GOES))
        ]
    finally:
        connection.close()
