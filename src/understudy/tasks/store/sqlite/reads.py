"""Every query that only reads, by name. Each is answered from an index, however many tasks are finished."""

from understudy.tasks.lifecycle import TERMINAL
from understudy.tasks.store.rows import (
    DELIVERY_FIELDS,
    FILE_FIELDS,
    PROJECT_FIELDS,
    PURCHASE_FIELDS,
    TASK_FIELDS,
    columns,
)

# Column and table names are this program's own words; values are always bound.
_PROJECTS = f"SELECT {columns(PROJECT_FIELDS)} FROM projects"  # noqa: S608
_TASKS = f"SELECT {columns(TASK_FIELDS)} FROM tasks"  # noqa: S608
_FILES = f"SELECT {columns(FILE_FIELDS)} FROM files"  # noqa: S608
_PURCHASES = f"SELECT {columns(PURCHASE_FIELDS)} FROM purchases"  # noqa: S608
_TERMINAL = ", ".join(f"'{status.value}'" for status in sorted(TERMINAL))
_WEBHOOKS = f"SELECT {columns(DELIVERY_FIELDS)} FROM webhooks"  # noqa: S608

PROJECT = f"{_PROJECTS} WHERE id = ?"
PROJECT_BY_KEY = f"{_PROJECTS} WHERE key_hash = ?"
ALL_PROJECTS = f"{_PROJECTS} ORDER BY id"

LEDGER = "SELECT id, project, task, amount, note, at FROM ledger WHERE project = ? ORDER BY id DESC LIMIT ?"

TASK = f"{_TASKS} WHERE id = ?"
TASK_BY_TOKEN = f"{_TASKS} WHERE token = ?"
EXPIRED = f"""
{_TASKS} WHERE lease_owner <> '' AND lease_until < ?1 AND lease_owner NOT IN (SELECT owner FROM leases WHERE until >= ?1)
ORDER BY lease_until
"""  # noqa: S608
HELD_BY_OTHERS = f"{_TASKS} WHERE lease_owner <> '' AND lease_owner <> ? ORDER BY lease_until"
# Loose index scans: one step per model (and project) that waits, not per task.
_WAITING = """
WITH RECURSIVE waiting (model) AS (
    SELECT min(model) FROM tasks WHERE status = 'task_queue'
    UNION ALL
    SELECT (SELECT min(model) FROM tasks WHERE status = 'task_queue' AND model > waiting.model)
    FROM waiting WHERE waiting.model IS NOT NULL
)
"""
WAITING_MODELS = f"{_WAITING} SELECT model FROM waiting WHERE model IS NOT NULL"  # noqa: S608
QUEUE = f"""
{_WAITING} SELECT
    model,
    (SELECT sum(n) FROM task_counts WHERE task_counts.model = waiting.model AND status = 'task_queue'),
    (SELECT min(created) FROM tasks WHERE status = 'task_queue' AND tasks.model = waiting.model)
FROM waiting WHERE model IS NOT NULL
"""  # noqa: S608
SPENT = "SELECT coalesce(sum(amount), 0) FROM spending WHERE project = ? AND hour >= ?"
DEPTH = "SELECT status, sum(n) FROM task_counts GROUP BY status HAVING sum(n) > 0"
STATISTICS = "SELECT model, runs, successes, errors, last_run, elapsed FROM model_statistics"

FILE = f"{_FILES} WHERE id = ?"
FILE_BY_ACCESSKEY = f"{_FILES} WHERE accesskey = ?"
FILES_BY_ADDRESS = f"{_FILES} WHERE address = ? AND address <> '' ORDER BY rowid"
OUTPUTS = f"{_FILES} WHERE task = ? AND task <> 0 AND role = 'output' ORDER BY rowid"
FILES_OF = f"{_FILES} WHERE task = ? AND task <> 0 ORDER BY rowid"
WITH_OLD_FILES = f"""
SELECT id FROM tasks INDEXED BY tasks_with_files WHERE project = ?1 AND files_deleted = 0 AND status IN ({_TERMINAL})
    AND created < ?2 AND max(postprocess_ended, ended, cancelled, created) < ?2
ORDER BY created LIMIT ?3
"""  # noqa: S608

ORPHANED_PURCHASES = f"""
{_PURCHASES} WHERE state <> 'settled' AND EXISTS (
    SELECT 1 FROM tasks WHERE tasks.id = purchases.task AND tasks.status IN ({_TERMINAL})
) ORDER BY id
"""  # noqa: S608
PURCHASE_COUNTS = """
SELECT engine, outcome, n FROM purchase_counts
UNION ALL SELECT engine, '', count(*) FROM purchases WHERE state <> 'settled' GROUP BY engine
"""
OPERATOR_LEDGER = "SELECT id, purchase, task, project, engine, amount, note, at FROM operator_ledger ORDER BY id DESC LIMIT ?"
FETCHED = f"{_FILES} WHERE task = ? AND role = 'fetched' ORDER BY rowid"
LEFTOVERS = f"""
{_FILES} WHERE role = 'fetched' AND NOT EXISTS (
    SELECT 1 FROM purchases WHERE purchases.task = files.task AND purchases.state <> 'settled'
) LIMIT ?
"""  # noqa: S608

WAITING_DELIVERIES = "SELECT count(*), min(due) FROM webhooks WHERE state = 'waiting'"
NEXT_DELIVERY = "SELECT min(due) FROM webhooks WHERE state = 'waiting' AND due > ?"
DELIVERIES = f"{_WEBHOOKS} WHERE task = ?"


def outputs_of(tasks: int) -> str:
    """The outputs of so many tasks."""
    marks = ", ".join("?" * tasks)
    return f"{_FILES} WHERE task IN ({marks}) AND task <> 0 AND role = 'output' ORDER BY rowid"


def due_deliveries(but_not: int) -> str:
    """Those to any receiver but so many."""
    marks = ", ".join("?" * but_not)
    return (
        f"{_WEBHOOKS} WHERE state = 'waiting' AND due <= ? AND receiver NOT IN ({marks}) ORDER BY due LIMIT ?"
    )


def statuses(tasks: int) -> str:
    """Id, status and reason of so many tasks."""
    return f"SELECT id, status, reason FROM tasks WHERE id IN ({', '.join('?' * tasks)})"  # noqa: S608


def page_of_tasks(filters: list[str], *, ascending: bool, beyond: bool) -> tuple[str, str]:
    """How many there are (from the counts), and one page: for a filter on some of project, model, status.

    `beyond`: the page begins after a task, whose id is bound after the filters.
    """
    where = " AND ".join(f"{name} = ?" for name in filters)
    order, after = ("ASC", ">") if ascending else ("DESC", "<")
    page = f"{where} AND id {after} ?" if beyond else where
    return (
        f"SELECT coalesce(sum(n), 0) FROM task_counts WHERE {where}",  # noqa: S608
        f"{_TASKS} WHERE {page} ORDER BY id {order} LIMIT ? OFFSET ?",
    )


def purchases(filters: list[str], *, only_open: bool, newest_first: bool) -> str:
    """For a filter on some of task, engine, outcome."""
    where = [f"{name} = ?" for name in filters] + (["state <> 'settled'"] if only_open else [])
    clause = f" WHERE {' AND '.join(where)}" if where else ""
    return f"{_PURCHASES}{clause} ORDER BY id {'DESC' if newest_first else 'ASC'} LIMIT ?"
