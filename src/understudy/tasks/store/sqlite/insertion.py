"""Writing a record as a row."""

import sqlite3
from collections.abc import Callable
from functools import cache
from operator import attrgetter
from typing import Any

import msgspec

from understudy.tasks.store.rows import CHANGED, columns, to_column


def insert(connection: sqlite3.Connection, table: str, record: Any, *, given_id: bool = False) -> int:
    """Write a record; returns its id where the table gives it."""
    kind: type[msgspec.Struct] = type(record)
    sql, cells_of, changed = _insertion(table, kind, given_id)
    cells = list(cells_of(record))
    for place, name in changed:
        cells[place] = to_column(name, cells[place])
    return connection.execute(sql, cells).lastrowid or 0


@cache
def _insertion(
    table: str, kind: type[msgspec.Struct], given_id: bool
) -> tuple[str, Callable[[Any], tuple[Any, ...]], tuple[tuple[int, str], ...]]:
    """The statement, what takes a record's cells, and the places of those that its columns hold in another form."""
    names = [name for name in kind.__struct_fields__ if given_id or name != "id"]
    marks = ", ".join("?" * len(names))
    # Table and column names are this program's own words, never a caller's.
    sql = f"INSERT INTO {table} ({columns(names)}) VALUES ({marks})"  # noqa: S608
    changed = tuple((place, name) for place, name in enumerate(names) if name in CHANGED)
    return sql, attrgetter(*names), changed
