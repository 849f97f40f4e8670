"""Claiming, and keeping what was claimed: operations that run inside one of the writer's transactions."""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from understudy.tasks import lifecycle
from understudy.tasks.fairness import Head, Waiting, next_tasks
from understudy.tasks.records import Room, RunningLimits, Task
from understudy.tasks.store.rows import TASK_FIELDS, columns, limits_of, to_task
from understudy.tasks.store.sqlite.operations import assignments

_RETURNING = f"RETURNING {columns(TASK_FIELDS)}"
# A loose index scan: one step per project and model that wait, not per task. Each step finds the head of a queue.
# Not by (project, model) > (?, ?): that walks through all that waits in the project.
_FIRST = """
WITH RECURSIVE first (id, priority, project, model) AS (
    SELECT * FROM (
        SELECT id, priority, project, model FROM tasks WHERE status = 'task_queue'
        ORDER BY project, model, priority DESC, id LIMIT 1
    )
    UNION ALL
    SELECT tasks.id, tasks.priority, tasks.project, tasks.model FROM first JOIN tasks ON tasks.id = coalesce((
        SELECT id FROM tasks WHERE status = 'task_queue' AND project = first.project AND model > first.model
        ORDER BY model, priority DESC, id LIMIT 1
    ), (
        SELECT id FROM tasks WHERE status = 'task_queue' AND project > first.project
        ORDER BY project, model, priority DESC, id LIMIT 1
    ))
)
SELECT first.id, priority, project, model, limits FROM first JOIN projects ON projects.id = first.project
"""
_REST = """
SELECT id, priority FROM tasks WHERE status = 'task_queue' AND project = ? AND model = ? ORDER BY priority DESC, id
LIMIT ? OFFSET 1
"""
_RUNNING = "SELECT project, model, count(*) FROM tasks WHERE lease_owner <> '' GROUP BY project, model"
_KEEP = "INSERT INTO leases (owner, until) VALUES (?, ?) ON CONFLICT DO UPDATE SET until = excluded.until"
# Of processes that are gone: each start has a name of its own.
_FORGET = "DELETE FROM leases WHERE until < ?"
HELD = "SELECT id FROM tasks WHERE lease_owner = ? AND lease_owner <> ''"


def claim(
    owner: str, rooms: Sequence[Room], limits: RunningLimits, *, at: float, until: float
) -> Callable[[sqlite3.Connection], list[Task]]:
    """See `Store.claim`."""

    def operation(connection: sqlite3.Connection) -> list[Task]:
        waiting = list(_waiting(connection, rooms))
        if not waiting:
            return []
        of_project: Counter[int] = Counter()
        of_model: Counter[str] = Counter()
        for project, model, number in connection.execute(_RUNNING):
            of_project[project] += number
            of_model[model] += number
        chosen = next_tasks(waiting, rooms, limits, running_of_project=of_project, running_of_model=of_model)
        return [_claim(connection, id, owner, at, until) for id in chosen]

    return operation


def renew(owner: str, *, at: float, until: float) -> Callable[[sqlite3.Connection], set[int]]:
    """See `Store.renew`."""

    def operation(connection: sqlite3.Connection) -> set[int]:
        connection.execute(_FORGET, (at,))
        connection.execute(_KEEP, (owner, until))
        return {id for (id,) in connection.execute(HELD, (owner,))}

    return operation


def _waiting(connection: sqlite3.Connection, rooms: Sequence[Room]) -> Iterator[Waiting]:
    places = {model: room.places for room in rooms for model in room.models if room.places > 0}
    for id, priority, project, model, limits in connection.execute(_FIRST).fetchall():
        if model in places:
            heads = _heads(connection, Head(id, priority), (project, model, places[model] - 1))
            yield Waiting(project=project, model=model, limit=limits_of(limits).running, heads=heads)


def _heads(connection: sqlite3.Connection, first: Head, rest: tuple[int, str, int]) -> Iterator[Head]:
    yield first
    for id, priority in connection.execute(_REST, rest).fetchall():
        yield Head(id, priority)


def _claim(connection: sqlite3.Connection, id: int, owner: str, at: float, until: float) -> Task:
    (attempts,) = connection.execute("SELECT attempts FROM tasks WHERE id = ?", (id,)).fetchone()
    fields = lifecycle.claim(owner, until, at, attempts)
    sql = f"UPDATE tasks SET {assignments(fields)} WHERE id = ? {_RETURNING}"  # noqa: S608
    (row,) = connection.execute(sql, (*fields.values(), id)).fetchall()
    return to_task(row)
