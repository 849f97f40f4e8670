"""Changes of tasks: one statement carries out those that come together, each with all that follows from it.

Each is a conditional UPDATE. Of two that meet on one task the second waits for the first and then looks again whether
the task still is as it expects (PostgreSQL does that by itself for a statement that is a transaction of its own).
"""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from understudy.tasks.budgets import HOUR
from understudy.tasks.lifecycle import Change
from understudy.tasks.records import Charge, File, Task
from understudy.tasks.store.postgres.cells import (
    Cells,
    arrays,
    insertable,
    prefixed,
    to_arrays,
    to_cell,
    to_task,
    to_text,
    types,
)
from understudy.tasks.store.postgres.connections import Doubtful
from understudy.tasks.store.postgres.database import Database
from understudy.tasks.store.postgres.gathering import Gatherer
from understudy.tasks.store.postgres.settling import SETTLEMENT_TYPES, settlement_cells, settling
from understudy.tasks.store.rows import TASK_FIELDS, columns, to_pico

_FLIGHTS = 2
_FILE = insertable(File, given_id=True)
_FILE_TYPES = ["bigint", *(types(File)[name] for name in _FILE)]
_CHARGE_TYPES = ["bigint", "bigint", "text", "boolean"]

TASK = f"SELECT {columns(TASK_FIELDS)} FROM tasks WHERE id = $1"  # noqa: S608
KEEP_LOG = """
UPDATE tasks SET stdout = $3, stderr = $4 WHERE id = $1 AND attempts = $2 AND status = 'task_cancel'
"""


class Shape(NamedTuple):
    """Changes of one shape are carried out by one statement."""

    fields: tuple[str, ...]
    alone: bool
    """Whether nothing follows from them."""


class _Asked(NamedTuple):
    id: int
    change: Change


@cache
def update(shape: Shape) -> str:
    """The parameters: arrays of ids, expected statuses, owners, attempts, an array for each field, and what follows."""
    kinds = ["bigint", "text", "text", "bigint", *(types(Task)[name] for name in shape.fields)]
    # Column names are this program's own words; values are always bound.
    changed = f"""
    WITH given AS MATERIALIZED (
        SELECT * FROM unnest({arrays(kinds, 1)}) AS given (of_task, expect, owner, attempt, {columns(shape.fields)})
    ), changed AS (
        UPDATE tasks SET {", ".join(f'"{name}" = given."{name}"' for name in shape.fields)}
        FROM given
        WHERE tasks.id = given.of_task AND tasks.status = ANY (string_to_array(given.expect, ','))
            AND (given.owner IS NULL OR (tasks.lease_owner = given.owner AND tasks.attempts = given.attempt))
        RETURNING {prefixed("tasks", TASK_FIELDS)}, tasks.phase
    )"""  # noqa: S608
    follows = "" if shape.alone else _follows(len(kinds) + 1)
    return f"{changed}{follows} SELECT {columns(TASK_FIELDS)} FROM changed"  # noqa: S608


def _follows(first: int) -> str:
    """Further parts of the statement: arrays of files, charges, settlements, each with the ids of their tasks."""
    charges = first + len(_FILE_TYPES)
    settlements = charges + len(_CHARGE_TYPES)
    return f""", filed AS (
        INSERT INTO files ({columns(_FILE)})
        SELECT {prefixed("file", _FILE)}
        FROM unnest({arrays(_FILE_TYPES, first)}) WITH ORDINALITY AS file (of_task, {columns(_FILE)}, number)
        JOIN changed ON changed.id = file.of_task
        ORDER BY file.number
    ), over AS (
        SELECT *, greatest(postprocess_ended, cancelled, ended, created) AS at
        FROM changed WHERE phase NOT IN ('queued', 'running')
    ), charged AS (
        SELECT over.project, over.id, over.at, charge.amount, charge.note, charge.prepaid
        FROM unnest({arrays(_CHARGE_TYPES, charges)}) AS charge (of_task, amount, note, prepaid)
        JOIN over ON over.id = charge.of_task
    ), entered AS (
        INSERT INTO ledger (project, task, amount, note, at) SELECT project, id, -amount, note, at FROM charged
    ), moved AS (
        INSERT INTO changes (project, model, hour, spent, moved)
        SELECT project, '', floor(at / {HOUR})::bigint, sum(amount), sum(CASE WHEN prepaid THEN -amount ELSE 0 END)
        FROM charged GROUP BY 1, 3
    ), announced AS (
        INSERT INTO webhooks (message_id, task, project, url, receiver, attempts, created, due, state, status, error)
        SELECT
            'msg_' || replace(gen_random_uuid()::text, '-', ''), id, project, callback_url,
            lower(substring(callback_url FROM '^[^:]*://([^/?#]*)')), 0, at, at, 'waiting', 0, ''
        FROM over WHERE callback_url <> ''
    ), ending AS (
        SELECT settlement.* FROM unnest({arrays(SETTLEMENT_TYPES, settlements)})
            AS settlement (of_task, purchase, outcome, charged, note, at, placed)
        JOIN changed ON changed.id = settlement.of_task
    ), {settling("ending")}"""  # noqa: S608


class Changes:
    """The part of the store that changes tasks."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._gatherers: dict[Shape, Gatherer[_Asked, Task | None]] = {}

    async def apply(self, id: int, change: Change) -> Task | None:
        """See `Store`."""
        return await self._database.carry_out(self._apply(_Asked(id, change)))

    async def keep_log(self, id: int, attempt: int, *, stdout: str, stderr: str) -> None:
        """See `Store`."""
        await self._database.fetch(KEEP_LOG, id, attempt, to_text(stdout), to_text(stderr))

    async def _apply(self, asked: _Asked) -> Task | None:
        change = asked.change
        alone = not (change.ends or change.files or change.settlement)
        try:
            return await self._gatherer(Shape(tuple(change.fields), alone)).ask(asked, asked.id)
        except Doubtful as doubt:
            return await self._database.decided(lambda: self._as_changed(asked), doubt)

    def _gatherer(self, shape: Shape) -> Gatherer[_Asked, Task | None]:
        gatherer = self._gatherers.get(shape)
        if gatherer is None:
            sql = update(shape)

            async def carry_out(batch: list[_Asked]) -> list[Task | None]:
                return await self._carry_out(sql, shape, batch)

            async def work(batch: list[_Asked]) -> Sequence[Task | Exception | None]:
                return await self._database.together(batch, carry_out)

            gatherer = self._gatherers[shape] = Gatherer(work, flights=_FLIGHTS)
        return gatherer

    async def _carry_out(self, sql: str, shape: Shape, batch: list[_Asked]) -> list[Task | None]:
        # In order of their ids, so that two statements seldom wait for each other.
        ordered = sorted(batch, key=lambda asked: asked.id)
        cells = _cells(shape, ordered) + ([] if shape.alone else _cells_that_follow(ordered))
        rows = await self._database.connections.fetch(sql, *cells)
        tasks = {task.id: task for task in map(to_task, rows)}
        return [tasks.get(asked.id) for asked in batch]

    async def _as_changed(self, asked: _Asked) -> Task | None:
        """The task, if it is as the change leaves it."""
        rows = await self._database.connections.fetch(TASK, asked.id)
        if not rows:
            return None
        task = to_task(rows[0])
        same = all(
            to_cell(name, getattr(task, name)) == to_cell(name, value)
            for name, value in asked.change.fields.items()
        )
        return task if same else None


def _cells(shape: Shape, batch: list[_Asked]) -> list[Cells]:
    held = [asked.change.held or (None, None) for asked in batch]
    return [
        [asked.id for asked in batch],
        [",".join(asked.change.expect) for asked in batch],
        [owner for owner, _ in held],
        [attempt for _, attempt in held],
        *([to_cell(name, asked.change.fields[name]) for asked in batch] for name in shape.fields),
    ]


def _cells_that_follow(batch: list[_Asked]) -> list[Cells]:
    files = [(asked.id, file) for asked in batch for file in asked.change.files]
    charges = [(asked.id, asked.change.charge) for asked in batch if asked.change.charge is not None]
    settlements = [
        (asked.id, asked.change.settlement) for asked in batch if asked.change.settlement is not None
    ]
    return [
        [id for id, _ in files],
        *to_arrays([file for _, file in files], _FILE),
        *_charge_cells(charges),
        *settlement_cells(settlements),
    ]


def _charge_cells(charges: list[tuple[int, Charge]]) -> list[Cells]:
    return [
        [id for id, _ in charges],
        [to_pico(charge.amount) for _, charge in charges],
        [to_text(charge.note) for _, charge in charges],
        [charge.prepaid for _, charge in charges],
    ]
