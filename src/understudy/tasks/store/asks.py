"""Statements that SQLite and PostgreSQL both understand: `$1` is a parameter by name to one of them, by number to the other."""

from collections.abc import Sequence
from typing import Any, Protocol


class Asks(Protocol):
    """A database, for what is asked seldom and written the same way for every store. Both raise `StoreUnavailable`."""

    async def read(self, sql: str, *cells: Any) -> Sequence[Sequence[Any]]:
        """The rows that a SELECT finds."""

    async def change(self, sql: str, *cells: Any) -> Sequence[Sequence[Any]]:
        """The rows that a change returns, when it is on disk."""
