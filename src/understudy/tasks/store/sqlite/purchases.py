"""What changes purchases at partners: operations that run inside one of the writer's transactions."""

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

from msgspec.structs import replace

from understudy.tasks import lifecycle
from understudy.tasks.records import File, Purchase, Settlement
from understudy.tasks.store.rows import PURCHASE_FIELDS, columns, to_column, to_pico, to_purchase
from understudy.tasks.store.sqlite.insertion import insert

_RUNNING = ", ".join(f"'{status.value}'" for status in lifecycle.RUNNING)
_RETURNING = f"RETURNING {columns(PURCHASE_FIELDS)}"


def begin(purchase: Purchase, held: tuple[str, int]) -> Callable[[sqlite3.Connection], Purchase | None]:
    """See `Store.begin_purchase`."""

    def operation(connection: sqlite3.Connection) -> Purchase | None:
        is_held = connection.execute(
            f"SELECT 1 FROM tasks WHERE id = ? AND lease_owner = ? AND attempts = ? AND status IN ({_RUNNING})",  # noqa: S608
            (purchase.task, *held),
        ).fetchone()
        if not is_held:
            return None
        if purchase.id:
            return _place_again(connection, purchase)
        is_open = connection.execute(
            "SELECT 1 FROM purchases WHERE task = ? AND state <> 'settled'", (purchase.task,)
        ).fetchone()
        if is_open:
            return None
        return replace(purchase, id=insert(connection, "purchases", purchase))

    return operation


def step(
    id: int, expect: Sequence[str], files: Sequence[File], fields: dict[str, Any]
) -> Callable[[sqlite3.Connection], Purchase | None]:
    """See `Store.step_purchase`."""
    assert fields.keys() <= set(PURCHASE_FIELDS) - {"id", "task", "engine", "outcome", "charged"}

    def operation(connection: sqlite3.Connection) -> Purchase | None:
        if fields.get("remote_id") and _is_taken(connection, id, fields["remote_id"]):
            return None
        marks = ", ".join("?" * len(expect))
        assignments = ", ".join(f'"{name}" = ?' for name in fields)
        cells = [to_column(name, value) for name, value in fields.items()]
        sql = f"UPDATE purchases SET {assignments} WHERE id = ? AND state IN ({marks}) {_RETURNING}"  # noqa: S608
        rows = connection.execute(sql, (*cells, id, *expect)).fetchall()
        if not rows:
            return None
        for file in files:
            insert(connection, "files", file, given_id=True)
        return to_purchase(rows[0])

    return operation


def settle(settlement: Settlement, reason: str = "") -> Callable[[sqlite3.Connection], Purchase | None]:
    """See `Store.settle_purchase`."""

    def operation(connection: sqlite3.Connection) -> Purchase | None:
        settled = carry_out(connection, settlement)
        if settled is not None and reason:
            connection.execute(
                "UPDATE tasks SET reason = ? WHERE id = ? AND status = 'task_cancel'", (reason, settled.task)
            )
        return settled

    return operation


def carry_out(connection: sqlite3.Connection, settlement: Settlement) -> Purchase | None:
    """End an open purchase: its row, its line in the operator's ledger, its count."""
    charged = None if settlement.charged is None else to_pico(settlement.charged)
    sql = f"""
        UPDATE purchases SET state = 'settled', outcome = ?, charged = ?, note = ?, settled = ?
        WHERE id = ? AND state <> 'settled' AND (? IS NULL OR (state = 'intended' AND placed IN (0, ?))) {_RETURNING}
    """  # noqa: S608
    ended = (settlement.outcome, charged, settlement.note, settlement.at)
    cells = (*ended, settlement.purchase, settlement.placed, settlement.placed)
    rows = connection.execute(sql, cells).fetchall()
    if not rows:
        return None
    settled = to_purchase(rows[0])
    if charged:
        connection.execute(
            "INSERT INTO operator_ledger (purchase, task, project, engine, amount, note, at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                settled.id,
                settled.task,
                settled.project,
                settled.engine,
                -charged,
                settled.outcome,
                settlement.at,
            ),
        )
    connection.execute(
        "INSERT INTO purchase_counts (engine, outcome, n) VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET n = n + 1",
        (settled.engine, settled.outcome),
    )
    return settled


def _place_again(connection: sqlite3.Connection, purchase: Purchase) -> Purchase | None:
    sql = f"UPDATE purchases SET placed = ? WHERE id = ? AND state = 'intended' AND placed = 0 {_RETURNING}"  # noqa: S608
    rows = connection.execute(sql, (purchase.placed, purchase.id)).fetchall()
    return to_purchase(rows[0]) if rows else None


def forget_files(ids: Sequence[str]) -> Callable[[sqlite3.Connection], None]:
    """See `Store.forget_files`."""

    def operation(connection: sqlite3.Connection) -> None:
        connection.executemany("DELETE FROM files WHERE id = ?", [(id,) for id in ids])

    return operation


def _is_taken(connection: sqlite3.Connection, id: int, remote_id: str) -> bool:
    row = connection.execute(
        "SELECT 1 FROM purchases WHERE remote_id = ? AND id <> ? AND engine = (SELECT engine FROM purchases WHERE id = ?)",
        (remote_id, id, id),
    ).fetchone()
    return row is not None
