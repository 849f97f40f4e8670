"""Statements with parameters by name, for what is asked seldom and written the same way for every store."""

import sqlite3
from collections.abc import Sequence
from typing import Any

from understudy.tasks.store.sqlite.writer import Writer, unavailable


class Asking:
    """See `asks.Asks`."""

    def __init__(self, writer: Writer, reading: sqlite3.Connection) -> None:
        self._writer = writer
        self._reading = reading

    async def read(self, sql: str, *cells: Any) -> Sequence[Sequence[Any]]:
        """See `Asks`."""
        try:
            return self._reading.execute(sql, _named(cells)).fetchall()
        except sqlite3.Error as error:
            raise unavailable(error) from error

    async def change(self, sql: str, *cells: Any) -> Sequence[Sequence[Any]]:
        """See `Asks`."""
        return await self._writer.run(lambda connection: connection.execute(sql, _named(cells)).fetchall())


def _named(cells: Sequence[Any]) -> dict[str, Any]:
    return {str(number): cell for number, cell in enumerate(cells, 1)}
