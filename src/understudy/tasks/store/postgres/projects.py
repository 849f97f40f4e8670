"""Projects and their money."""

from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from understudy.tasks.budgets import hour_of
from understudy.tasks.records import LedgerLine, Project
from understudy.tasks.store import rows
from understudy.tasks.store.postgres.cells import insertable, plain, to_cell, to_text
from understudy.tasks.store.postgres.database import Database
from understudy.tasks.store.rows import PROJECT_FIELDS, columns, from_pico, to_pico

_NEW = insertable(Project)
# A balance is what is kept and what is still to be added to it. Column names are this program's own words.
_COLUMNS = columns(PROJECT_FIELDS).replace(
    '"balance"',
    "(balance + (SELECT coalesce(sum(moved), 0) FROM pending WHERE pending.project = projects.id))::bigint",
)
_PROJECTS = f"SELECT {_COLUMNS} FROM projects"  # noqa: S608
ADD = f"""
INSERT INTO projects ({columns(_NEW)}) VALUES ({", ".join(f"${number}" for number in range(1, len(_NEW) + 1))})
RETURNING id
"""  # noqa: S608
BY_ID = f"{_PROJECTS} WHERE id = $1"
BY_KEY = f"{_PROJECTS} WHERE key_hash = $1"
ALL = f"{_PROJECTS} ORDER BY id"
DEPOSIT = """
WITH moved AS (
    UPDATE projects SET balance = balance + $2 WHERE id = $1 RETURNING id
)
INSERT INTO ledger (project, task, amount, note, at) SELECT id, 0, $2, $3, $4 FROM moved
"""
LEDGER = "SELECT id, project, task, amount, note, at FROM ledger WHERE project = $1 ORDER BY id DESC LIMIT $2"
SPENT = "SELECT spent_since($1, $2)"


class ProjectsAndMoney:
    """The part of the store that keeps projects."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add_project(self, project: Project) -> Project:
        """See `Store`."""
        cells = (to_cell(name, getattr(project, name)) for name in _NEW)
        ((id,),) = await self._database.fetch(ADD, *cells)
        return replace(project, id=id)

    async def project(self, id: int) -> Project | None:
        """See `Store`."""
        return await self._project(BY_ID, id)

    async def project_by_key(self, key_hash: bytes) -> Project | None:
        """See `Store`."""
        return await self._project(BY_KEY, key_hash)

    async def projects(self) -> list[Project]:
        """See `Store`."""
        return [rows.to_project(plain(row)) for row in await self._database.fetch(ALL)]

    async def change_project(self, id: int, **fields: Any) -> Project | None:
        """See `Store`."""
        assert fields.keys() < set(PROJECT_FIELDS) - {"id", "balance"}
        assignments = ", ".join(f'"{name}" = ${number}' for number, name in enumerate(fields, 2))
        cells = (to_cell(name, value) for name, value in fields.items())
        # Names are asserted above.
        await self._database.fetch(f"UPDATE projects SET {assignments} WHERE id = $1", id, *cells)  # noqa: S608
        return await self.project(id)

    async def deposit(self, project: int, amount: Decimal, note: str, at: float) -> Project | None:
        """See `Store`."""
        await self._database.fetch(DEPOSIT, project, to_pico(amount), to_text(note), at)
        return await self.project(project)

    async def ledger(self, project: int, limit: int = 100) -> list[LedgerLine]:
        """See `Store`."""
        return [rows.to_ledger_line(plain(row)) for row in await self._database.fetch(LEDGER, project, limit)]

    async def spent(self, project: int, since: float) -> Decimal:
        """See `Store`."""
        ((amount,),) = await self._database.fetch(SPENT, project, hour_of(since))
        return from_pico(amount)

    async def _project(self, sql: str, *cells: Any) -> Project | None:
        found = await self._database.fetch(sql, *cells)
        return rows.to_project(plain(found[0])) if found else None
