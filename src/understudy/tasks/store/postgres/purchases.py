"""Purchases at partners. A task's row is locked while one of it begins: whoever kills the task comes before or after."""

from collections.abc import Sequence
from typing import Any

from understudy.tasks import lifecycle
from understudy.tasks.records import File, OperatorLine, Purchase, Settlement
from understudy.tasks.store import rows
from understudy.tasks.store.postgres.cells import (
    arrays,
    insertable,
    plain,
    prefixed,
    to_arrays,
    to_cell,
    to_text,
    types,
)
from understudy.tasks.store.postgres.connections import Doubtful
from understudy.tasks.store.postgres.database import Database
from understudy.tasks.store.postgres.settling import SETTLEMENT_TYPES, settlement_cells, settling
from understudy.tasks.store.rows import PURCHASE_FIELDS, columns

# Column and table names are this program's own words; values are always bound.
_RUNNING = ", ".join(f"'{status.value}'" for status in lifecycle.RUNNING)
_NEW = insertable(Purchase)
_FILE = insertable(File, given_id=True)
_PURCHASES = f"SELECT {columns(PURCHASE_FIELDS)} FROM purchases"  # noqa: S608
_HELD = f"""
WITH held AS (
    SELECT id FROM tasks WHERE id = $1 AND lease_owner = $2 AND attempts = $3 AND status IN ({_RUNNING}) FOR UPDATE
)
"""  # noqa: S608
BEGIN = f"""
{_HELD}
INSERT INTO purchases ({columns(_NEW)})
SELECT {", ".join(f"${number}" for number in range(4, 4 + len(_NEW)))} FROM held
ON CONFLICT (task) WHERE state <> 'settled' DO NOTHING
RETURNING {columns(PURCHASE_FIELDS)}
"""  # noqa: S608
PLACE_AGAIN = f"""
{_HELD}
UPDATE purchases SET placed = $5 FROM held
WHERE purchases.id = $4 AND purchases.state = 'intended' AND purchases.placed = 0
RETURNING {prefixed("purchases", PURCHASE_FIELDS)}
"""  # noqa: S608
SETTLE = f"""
WITH ending AS (
    SELECT * FROM unnest({arrays(SETTLEMENT_TYPES, 1)})
        AS settlement (of_task, purchase, outcome, charged, note, at, placed)
), {settling("ending")}, explained AS (
    UPDATE tasks SET reason = $8 FROM settled WHERE tasks.id = settled.task AND tasks.status = 'task_cancel' AND $8 <> ''
)
SELECT {columns(PURCHASE_FIELDS)} FROM settled
"""  # noqa: S608
BY_KEY = f"{_PURCHASES} WHERE \"key\" = $1 AND placed = $2 AND state = 'intended'"
BY_ID = f"{_PURCHASES} WHERE id = $1"
ORPHANED = f"""
{_PURCHASES} WHERE state <> 'settled' AND EXISTS (
    SELECT 1 FROM tasks WHERE tasks.id = purchases.task AND tasks.phase NOT IN ('queued', 'running')
) ORDER BY id
"""  # noqa: S608
COUNTS = """
SELECT engine, outcome, n FROM purchase_counts
UNION ALL SELECT engine, '', count(*) FROM purchases WHERE state <> 'settled' GROUP BY engine
"""
OPERATOR_LEDGER = """
SELECT id, purchase, task, project, engine, amount, note, at FROM operator_ledger ORDER BY id DESC LIMIT $1
"""


def _step(fields: Sequence[str]) -> str:
    assignments = ", ".join(f'"{name}" = ${number}' for number, name in enumerate(fields, 3))
    files = arrays((types(File)[name] for name in _FILE), 3 + len(fields))
    return f"""
    WITH stepped AS (
        UPDATE purchases SET {assignments} WHERE id = $1 AND state = ANY ($2::text[]) RETURNING {columns(PURCHASE_FIELDS)}
    ), filed AS (
        INSERT INTO files ({columns(_FILE)})
        SELECT {prefixed("file", _FILE)}
        FROM unnest({files}) WITH ORDINALITY AS file ({columns(_FILE)}, number) JOIN stepped ON true
        ORDER BY file.number
    )
    SELECT * FROM stepped
    """  # noqa: S608


class Purchases:
    """The part of the store that keeps purchases."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin_purchase(self, purchase: Purchase, held: tuple[str, int]) -> Purchase | None:
        """See `Store`."""
        return await self._database.carry_out(self._begin(purchase, held))

    async def step_purchase(
        self, id: int, expect: Sequence[str], *, files: Sequence[File] = (), **fields: Any
    ) -> Purchase | None:
        """See `Store`."""
        assert fields.keys() <= set(PURCHASE_FIELDS) - {"id", "task", "engine", "outcome", "charged"}
        return await self._database.carry_out(self._step(id, expect, files, fields))

    async def settle_purchase(self, settlement: Settlement, reason: str = "") -> Purchase | None:
        """See `Store`."""
        return await self._database.carry_out(self._settle(settlement, reason))

    async def purchases(
        self,
        *,
        task: int = 0,
        engine: str = "",
        outcome: str = "",
        only_open: bool = False,
        limit: int = 100,
    ) -> list[Purchase]:
        """See `Store`."""
        given = {"task": task, "engine": engine, "outcome": outcome}
        filters = {name: value for name, value in given.items() if value}
        where = [f"{name} = ${number}" for number, name in enumerate(filters, 2)]
        if only_open:
            where.append("state <> 'settled'")
        clause = f"WHERE {' AND '.join(where)}" if where else ""
        order = "ASC" if task else "DESC"
        return await self._purchases(
            f"{_PURCHASES} {clause} ORDER BY id {order} LIMIT $1", limit, *filters.values()
        )

    async def orphaned_purchases(self) -> list[Purchase]:
        """See `Store`."""
        return await self._purchases(ORPHANED)

    async def purchase_counts(self) -> dict[tuple[str, str], int]:
        """See `Store`."""
        return {(engine, outcome): number for engine, outcome, number in await self._database.fetch(COUNTS)}

    async def operator_ledger(self, limit: int = 100) -> list[OperatorLine]:
        """See `Store`."""
        return [
            rows.to_operator_line(plain(row)) for row in await self._database.fetch(OPERATOR_LEDGER, limit)
        ]

    async def _begin(self, purchase: Purchase, held: tuple[str, int]) -> Purchase | None:
        if purchase.id:
            sql, cells = PLACE_AGAIN, [purchase.id, purchase.placed]
        else:
            sql, cells = BEGIN, [to_cell(name, getattr(purchase, name)) for name in _NEW]
        try:
            return await self._purchase(sql, purchase.task, *held, *cells)
        except Doubtful as doubt:
            # The key is this purchase's alone, and the time this placing's.
            key = to_text(purchase.key)
            return await self._database.decided(lambda: self._purchase(BY_KEY, key, purchase.placed), doubt)

    async def _step(
        self, id: int, expect: Sequence[str], files: Sequence[File], fields: dict[str, Any]
    ) -> Purchase | None:
        import asyncpg

        cells = [to_cell(name, value) for name, value in fields.items()]
        try:
            return await self._purchase(
                _step(list(fields)), id, list(expect), *cells, *to_arrays(files, _FILE)
            )
        except asyncpg.UniqueViolationError as error:
            if error.constraint_name != "purchases_jobs":
                raise
            return None  # another purchase has taken that job
        except Doubtful as doubt:
            return await self._database.decided(lambda: self._as_stepped(id, fields), doubt)

    async def _settle(self, settlement: Settlement, reason: str) -> Purchase | None:
        try:
            return await self._purchase(SETTLE, *settlement_cells([(0, settlement)]), to_text(reason))
        except Doubtful as doubt:
            ended = {"state": "settled", "outcome": settlement.outcome, "settled": settlement.at}
            return await self._database.decided(lambda: self._as_stepped(settlement.purchase, ended), doubt)

    async def _as_stepped(self, id: int, fields: dict[str, Any]) -> Purchase | None:
        purchase = await self._purchase(BY_ID, id)
        if purchase is None or any(getattr(purchase, name) != value for name, value in fields.items()):
            return None
        return purchase

    async def _purchase(self, sql: str, *cells: Any) -> Purchase | None:
        found = await self._database.connections.fetch(sql, *cells)
        return rows.to_purchase(plain(found[0])) if found else None

    async def _purchases(self, sql: str, *cells: Any) -> list[Purchase]:
        return [rows.to_purchase(plain(row)) for row in await self._database.fetch(sql, *cells)]
