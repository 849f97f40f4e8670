"""What changes tasks: operations that run inside one of the writer's transactions."""

import sqlite3
from collections.abc import Callable
from decimal import Decimal

from msgspec.structs import replace

from understudy.tasks import lifecycle
from understudy.tasks.budgets import hour_began, hour_of, month_began
from understudy.tasks.lifecycle import Change, Status
from understudy.tasks.records import Delivery, NewTask, QueueLimits, Task
from understudy.tasks.store import refusals
from understudy.tasks.store.outbox import delivery_of
from understudy.tasks.store.refusals import IDEMPOTENCY_SECONDS
from understudy.tasks.store.rows import TASK_FIELDS, columns, from_pico, to_column, to_pico, to_task
from understudy.tasks.store.sqlite import purchases
from understudy.tasks.store.sqlite.insertion import insert
from understudy.tasks.store.sqlite.reads import SPENT

_RETURNING = f"RETURNING {columns(TASK_FIELDS)}"
_MOVE = "UPDATE projects SET balance = balance + ? WHERE id = ?"
_LEDGER_LINE = "INSERT INTO ledger (project, task, amount, note, at) VALUES (?, ?, ?, ?, ?)"
_SPEND = """
INSERT INTO spending (project, hour, amount) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET amount = amount + excluded.amount
"""
_ACTIVE = ", ".join(f"'{status}'" for status in lifecycle.ACTIVE)


def submit(new: NewTask) -> Callable[[sqlite3.Connection], tuple[Task, bool]]:
    """See `Store.submit`."""

    def operation(connection: sqlite3.Connection) -> tuple[Task, bool]:
        task = new.task
        if new.idempotency_key:
            earlier = _earlier(connection, new)
            if earlier is not None:
                return earlier, True
        if new.prepaid:
            _check_balance(connection, task.project)
        _check_limits(connection, task, new.limits)
        number = insert(connection, "tasks", task)
        for file in new.files:
            insert(connection, "files", replace(file, task=number), given_id=True)
        if new.idempotency_key:
            connection.execute(
                "INSERT INTO idempotency_keys VALUES (?, ?, ?, ?, ?)",
                (task.project, new.idempotency_key, new.body_hash, number, task.created),
            )
        return replace(task, id=number), False

    return operation


def apply(id: int, change: Change) -> Callable[[sqlite3.Connection], Task | None]:
    """See `Store.apply`."""

    def operation(connection: sqlite3.Connection) -> Task | None:
        fields = {name: to_column(name, value) for name, value in change.fields.items()}
        marks = ", ".join("?" * len(change.expect))
        sql = f"UPDATE tasks SET {assignments(fields)} WHERE id = ? AND status IN ({marks})"  # noqa: S608
        cells = [*fields.values(), id, *change.expect]
        if change.held is not None:
            sql += " AND lease_owner = ? AND attempts = ?"
            cells += change.held
        rows = connection.execute(f"{sql} {_RETURNING}", cells).fetchall()
        if not rows:
            return None
        task = to_task(rows[0])
        for file in change.files:
            insert(connection, "files", file, given_id=True)
        if change.settlement is not None:
            purchases.carry_out(connection, change.settlement)
        if change.ends:
            _follow_the_end(connection, task, change)
        return task

    return operation


def keep_log(id: int, attempt: int, stdout: str, stderr: str) -> Callable[[sqlite3.Connection], None]:
    """See `Store.keep_log`."""

    def operation(connection: sqlite3.Connection) -> None:
        connection.execute(
            "UPDATE tasks SET stdout = ?, stderr = ? WHERE id = ? AND attempts = ? AND status = 'task_cancel'",
            (stdout, stderr, id, attempt),
        )

    return operation


def deposit(project: int, amount: Decimal, note: str, at: float) -> Callable[[sqlite3.Connection], None]:
    """Money into a project's balance, with its line in the ledger."""

    def operation(connection: sqlite3.Connection) -> None:
        moved = connection.execute(_MOVE, (to_pico(amount), project))
        if moved.rowcount:
            connection.execute(_LEDGER_LINE, (project, 0, to_pico(amount), note, at))

    return operation


def delete_files(task: int) -> Callable[[sqlite3.Connection], list[str]]:
    """See `Store.delete_files`."""

    def operation(connection: sqlite3.Connection) -> list[str]:
        gone = connection.execute("DELETE FROM files WHERE task = ? AND task <> 0 RETURNING key", (task,))
        keys = [key for (key,) in gone]
        connection.execute("UPDATE tasks SET files_deleted = 1 WHERE id = ?", (task,))
        return keys

    return operation


def settle_delivery(delivery: Delivery) -> Callable[[sqlite3.Connection], None]:
    """See `Store.settle_delivery`."""

    def operation(connection: sqlite3.Connection) -> None:
        connection.execute(
            "UPDATE webhooks SET attempts = ?, due = ?, state = ?, status = ?, error = ?"
            " WHERE id = ? AND state = 'waiting'",
            (
                delivery.attempts,
                delivery.due,
                delivery.state,
                delivery.status,
                delivery.error,
                delivery.id,
            ),
        )

    return operation


def _follow_the_end(connection: sqlite3.Connection, task: Task, change: Change) -> None:
    at = max(task.postprocess_ended, task.cancelled, task.ended, task.created)
    if change.charge is not None:
        amount = to_pico(-change.charge.amount)
        connection.execute(_LEDGER_LINE, (task.project, task.id, amount, change.charge.note, at))
        connection.execute(_SPEND, (task.project, hour_of(at), -amount))
        if change.charge.prepaid:
            connection.execute(_MOVE, (amount, task.project))
    success = task.status == Status.POSTPROCESS_END and task.pexit == "0"
    connection.execute(
        """
        INSERT INTO model_statistics (model, runs, successes, errors, last_run, elapsed) VALUES (?, 1, ?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET runs = runs + 1, successes = successes + excluded.successes,
            errors = errors + excluded.errors, last_run = max(last_run, excluded.last_run),
            elapsed = elapsed + excluded.elapsed
        """,
        (
            task.model,
            int(success),
            int(not success and task.status != Status.CANCEL),
            at,
            lifecycle.elapsed(task) if success else 0.0,
        ),
    )
    if task.callback_url:
        insert(connection, "webhooks", delivery_of(task, at))


def _earlier(connection: sqlite3.Connection, new: NewTask) -> Task | None:
    horizon = new.task.created - IDEMPOTENCY_SECONDS
    connection.execute("DELETE FROM idempotency_keys WHERE at < ?", (horizon,))
    row = connection.execute(
        "SELECT body_hash, task FROM idempotency_keys WHERE project = ? AND key = ?",
        (new.task.project, new.idempotency_key),
    ).fetchone()
    if row is None:
        return None
    if row[0] != new.body_hash:
        raise refusals.other_body()
    sql = f"SELECT {columns(TASK_FIELDS)} FROM tasks WHERE id = ?"  # noqa: S608
    return to_task(connection.execute(sql, (row[1],)).fetchone())


def _check_balance(connection: sqlite3.Connection, project: int) -> None:
    (balance,) = connection.execute("SELECT balance FROM projects WHERE id = ?", (project,)).fetchone()
    dollars = from_pico(balance)
    allowed = refusals.tasks_at_once(dollars)
    if allowed is None:
        return
    sql = f"SELECT coalesce(sum(n), 0) FROM task_counts WHERE project = ? AND status IN ({_ACTIVE})"  # noqa: S608
    (active,) = connection.execute(sql, (project,)).fetchone()
    if active >= allowed:
        raise refusals.too_many_at_once(dollars, allowed)


def _check_limits(connection: sqlite3.Connection, task: Task, limits: QueueLimits) -> None:
    for column, value, most in (
        ("project", task.project, limits.of_project),
        ("model", task.model, limits.of_model),
    ):
        if not most:
            continue
        # No more than `most` are counted, so a long queue costs no more than a short one.
        sql = (
            f"SELECT count(*) FROM (SELECT 1 FROM tasks WHERE status = 'task_queue' AND {column} = ? LIMIT ?)"  # noqa: S608
        )
        (waiting,) = connection.execute(sql, (value, most)).fetchone()
        if waiting >= most:
            raise refusals.queue_is_full(column, most)
    for period, budget, since in (
        ("hour", limits.hourly, hour_began(task.created)),
        ("month", limits.monthly, month_began(task.created)),
    ):
        if budget is None:
            continue
        (amount,) = connection.execute(SPENT, (task.project, hour_of(since))).fetchone()
        if from_pico(amount) >= budget:
            raise refusals.budget_is_spent(period, budget)


def assignments(fields: dict[str, object]) -> str:
    """For an UPDATE."""
    return ", ".join(f'"{name}" = ?' for name in fields)
