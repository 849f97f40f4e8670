"""Statements for what is asked seldom and written the same way for every store."""

from collections.abc import Sequence
from typing import Any

from understudy.tasks.store.postgres.cells import plain, to_text
from understudy.tasks.store.postgres.database import Database


class Asking:
    """See `asks.Asks`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, sql: str, *cells: Any) -> Sequence[Sequence[Any]]:
        """See `Asks`."""
        bound = (to_text(cell) if isinstance(cell, str) else cell for cell in cells)
        return [plain(row) for row in await self._database.fetch(sql, *bound)]

    change = read
