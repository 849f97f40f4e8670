"""Records to the parameters of statements, and rows to records.

Columns hold what the embedded store's hold: JSON as text, money in 1e-12 dollars, truth as 0 and 1. Statements take many
records at once, as one array for each column. PostgreSQL has no NUL character and no lone surrogate in a text, and Python
has both: so they are written with an escape of our own.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import cache
from typing import Any, get_args, get_type_hints

import msgspec

from understudy.tasks.records import Task
from understudy.tasks.store import rows
from understudy.tasks.store.rows import TASK_FIELDS, to_column

Cells = list[Any]

_ESCAPE = "\x1a"
_FOREIGN = re.compile("[\x00\x1a\ud800-\udfff]")
_ESCAPED = re.compile(f"{_ESCAPE}([0-9a-f]{{4}})")

LARGEST_ID = 2**63 - 1


def to_text(text: str) -> str:
    """The text as PostgreSQL can hold it."""
    if text.isascii() and "\0" not in text and _ESCAPE not in text:
        return text
    return _FOREIGN.sub(lambda found: f"{_ESCAPE}{ord(found[0]):04x}", text)


def from_text(text: str) -> str:
    """The text as it was given to `to_text`."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if _ESCAPE in text else text


def to_cell(name: str, value: Any) -> Any:
    """A field's value as a parameter."""
    cell = to_column(name, value)
    return to_text(cell) if type(cell) is str else cell


def to_arrays(records: Sequence[msgspec.Struct], names: Sequence[str]) -> list[Cells]:
    """An array of parameters for each of these fields."""
    return [[to_cell(name, getattr(record, name)) for record in records] for name in names]


@cache
def types(kind: type[msgspec.Struct]) -> Mapping[str, str]:
    """By field, the type of its parameter."""
    return {name: _type(name, hint) for name, hint in get_type_hints(kind).items()}


def _type(name: str, hint: Any) -> str:
    kinds = {hint, *get_args(hint)}
    if kinds & {int, bool, Decimal}:
        return "bigint"
    if float in kinds:
        return "double precision"
    return "bytea" if bytes in kinds else "text"


def arrays(kinds: Iterable[str], first: int) -> str:
    """For `unnest`: placeholders of arrays of these types, numbered from `first`."""
    return ", ".join(f"${number}::{kind}[]" for number, kind in enumerate(kinds, first))


def insertable(kind: type[msgspec.Struct], *, given_id: bool = False) -> tuple[str, ...]:
    """The fields that an INSERT writes: all, but an id that the table gives."""
    return tuple(name for name in kind.__struct_fields__ if given_id or name != "id")


def prefixed(table: str, names: Iterable[str]) -> str:
    """Columns of a table that is joined with others."""
    return ", ".join(f'{table}."{name}"' for name in names)


def plain(row: Iterable[Any]) -> tuple[Any, ...]:
    """A row with its texts as they were given."""
    return tuple(from_text(cell) if type(cell) is str else cell for cell in row)


def to_task(row: Iterable[Any]) -> Task:
    """From a row of `TASK_FIELDS`, perhaps with more behind."""
    return rows.to_task(plain(row)[: len(TASK_FIELDS)])
