"""No hot query of the shared store grows with finished tasks: with 200,000 of them, each finds its rows by an index."""

import json
from collections.abc import Iterator
from typing import Any

import asyncpg

from tests.postgres import connected, server
from tests.tasks.examples import project
from understudy.tasks.store import browsing, operating, tenants
from understudy.tasks.store.browsing import TaskFilter
from understudy.tasks.store.postgres import (
    agreements,
    changing,
    claiming,
    files,
    folding,
    projects,
    purchases,
    submitting,
    tasks,
    webhooks,
)
from understudy.tasks.store.postgres.changing import Shape
from understudy.tasks.store.postgres.store import open_postgres

FINISHED = 200_000
LARGE = (
    "tasks",
    "files",
    "ledger",
    "webhooks",
    "purchases",
    "idempotency_keys",
    "operator_ledger",
    "spending",
)

FILL = f"""
INSERT INTO tasks (
    uuid, token, project, model, status, priority, attempts, "values", sources, media, seed, callback_url, door, notes,
    stdout, stderr, pexit, reason, engine, cps, cost, created, accepted, preprocess_started, preprocess_ended, assigned,
    started, ended, postprocess_started, postprocess_ended, cancelled, lease_owner, lease_until, files_deleted
)
SELECT
    'u' || n, 't' || n, 1 + n % 20, 'acme/m' || n % 3,
    CASE WHEN n <= {FINISHED} THEN 'task_postprocess_end' WHEN n % 2 = 0 THEN 'task_queue' ELSE 'task_start' END,
    0, 1, '{{}}', '{{}}', '{{}}', 0, '', '', '', '', '', '0', '', 'null', '0', '0', n, n, 0, 0, n, n, n, n, n, 0,
    CASE WHEN n <= {FINISHED} OR n % 2 = 0 THEN '' ELSE 'me' END, 0, n % 2
FROM generate_series(1, {FINISHED} + 200) AS n;
INSERT INTO files (id, uuid, project, task, role, name, content_type, size, parent, accesskey, address, "key", added, modified)
SELECT 'f' || n, '', 1, n, 'output', '', '', 0, '', 'k' || n, 'a' || n, '', 0, 0 FROM generate_series(1, 20000) AS n;
INSERT INTO ledger (project, task, amount, note, at) SELECT 1 + n % 20, n, 1, '', n FROM generate_series(1, 20000) AS n;
INSERT INTO webhooks (message_id, task, project, url, receiver, attempts, created, due, state, status, error)
SELECT 'm' || n, n, 1, '', '', 1, n, n, CASE WHEN n > 19950 THEN 'waiting' ELSE 'delivered' END, 200, ''
FROM generate_series(1, 20000) AS n;
INSERT INTO purchases (
    task, project, engine, "key", hook, state, outcome, remote_id, placed, submitted, settled, note, preview
)
SELECT n, 1, 'e', 'k' || n, 'h' || n, CASE WHEN n > 19950 THEN 'submitted' ELSE 'settled' END, 'delivered', 'r' || n,
    0, 0, 0, '', 0
FROM generate_series(1, 20000) AS n;
INSERT INTO operator_ledger (purchase, task, project, engine, amount, note, at)
SELECT n, n, 1, 'e', 1, '', 0 FROM generate_series(1, 19950) AS n;
INSERT INTO idempotency_keys (project, "key", body_hash, task, at)
SELECT 1, 'k' || n, '', n, n FROM generate_series(1, 20000) AS n;
INSERT INTO spending (project, hour, amount) SELECT 1 + n % 20, n, 1 FROM generate_series(1, 20000) AS n;
SELECT fold();
ANALYZE;
"""

PLAIN = Shape(("status", "started"), alone=True)
END = Shape(("status", "pexit", "postprocess_ended"), alone=False)


def queries() -> Iterator[tuple[str, str]]:
    for module in (
        agreements,
        changing,
        claiming,
        files,
        folding,
        operating,
        projects,
        purchases,
        tasks,
        tenants,
        webhooks,
    ):
        for name, sql in vars(module).items():
            if name.isupper() and not name.startswith("_") and isinstance(sql, str) and " " in sql:
                yield f"{module.__name__.rpartition('.')[2]}.{name}", sql
    yield "browsing.look", browsing.look(TaskFilter(project=1, model="m", stage="failed", text="road"))[0]
    yield "browsing.count_open", browsing.count_open(TaskFilter(engine="e"))[0]
    yield "browsing.oldest_open", browsing.oldest_open(TaskFilter())[0]
    yield "tenants.counts_of", tenants.counts_of(3)
    yield "tenants.spent_by", tenants.spent_by(3)
    yield "submitting.SUBMIT", submitting.SUBMIT
    yield "submitting.SUBMIT_LIMITED", submitting.SUBMIT_LIMITED
    yield "submitting.EARLIER", submitting.EARLIER
    yield "changing.update, on its way", changing.update(PLAIN)
    yield "changing.update, at its end", changing.update(END)
    for status in ("", "task_queue", "task_start", "task_postprocess_end"):
        for model in (False, True):
            for beyond in (False, True):
                sql = tasks.page_of_tasks(model=model, status=status, ascending=beyond, beyond=beyond)
                yield f"tasks.page_of_tasks {status} {model} {beyond}", sql


NOT_HOT = {"claiming.TURN", "projects.ALL", "folding.FOLD"}
"""More than one statement; few rows of which all are wanted; a function, whose statements are below."""


def steps(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from steps(inner)


async def plan_of(connection: asyncpg.Connection, sql: str) -> dict[str, Any]:
    """How the server carries out a statement, whatever is bound to it."""
    number = len((await connection.prepare(sql)).get_parameters())
    await connection.execute(
        f"DEALLOCATE ALL; SET plan_cache_mode = force_generic_plan; PREPARE asked AS {sql}"
    )
    nothing = f"({', '.join(['NULL'] * number)})" if number else ""
    plan = json.loads(await connection.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE asked{nothing}"))
    return plan[0]["Plan"]  # type: ignore[no-any-return]


async def scans(connection: asyncpg.Connection, sql: str) -> list[str]:
    """The large tables that a statement reads from end to end."""
    plan = await plan_of(connection, sql)
    return [
        step["Relation Name"]
        for step in steps(plan)
        if step["Node Type"] == "Seq Scan" and step["Relation Name"] in LARGE
    ]


async def test_nothing_grows_with_finished_tasks() -> None:
    url = await server().new_database()
    store = await open_postgres(url)
    for _ in range(20):
        await store.add_project(project())
    await store.close()
    # One test: to fill it takes longer than all that is asked.
    async with connected(url, statement_cache_size=0) as connection:
        await connection.execute(FILL)
        await no_query_reads_a_large_table(connection)
        await what_waits_is_found_by_indexes_of_that_alone(connection)
        await most_changes_of_a_task_touch_no_index(connection)


async def no_query_reads_a_large_table(connection: asyncpg.Connection) -> None:
    found = {name: await scans(connection, sql) for name, sql in queries() if name not in NOT_HOT}
    assert len(found) > 50
    assert {name: tables for name, tables in found.items() if tables} == {}
    # And the test itself would notice.
    assert await scans(connection, "SELECT * FROM tasks WHERE reason = $1") == ["tasks"]


async def what_waits_is_found_by_indexes_of_that_alone(connection: asyncpg.Connection) -> None:
    small = {
        "tasks_queued",
        "tasks_waiting",
        "tasks_held",
        "webhooks_waiting",
        "files_fetched",
        "purchases_open",
    }
    for sql in (
        claiming.WAITING,
        claiming.RENEW,
        tasks.EXPIRED,
        tasks.HELD_BY_OTHERS,
        tasks.WAITING_MODELS,
        tasks.QUEUE,
        tasks.DEPTH,
        browsing.count_open(TaskFilter(project=1, stage="waiting"))[0],
        browsing.oldest_open(TaskFilter(text="road"))[0],
        operating.AHEAD,
        webhooks.CLAIM,
        webhooks.NEXT,
        webhooks.WAITING,
        files.LEFTOVERS,
        purchases.ORPHANED,
    ):
        plan = await plan_of(connection, sql)
        used = {step["Index Name"] for step in steps(plan) if "Index Name" in step}
        assert used & small, sql


async def most_changes_of_a_task_touch_no_index(connection: asyncpg.Connection) -> None:
    await connection.execute("SELECT pg_stat_force_next_flush()")
    before = await hot(connection)
    for n in range(20):
        await connection.execute(
            f"UPDATE tasks SET status = 'task_{'end' if n % 2 else 'output'}', ended = $1 WHERE lease_owner = 'me'",
            n,
        )
        await connection.execute("SELECT pg_stat_force_next_flush()")
    after = await hot(connection)
    updated, without_index = after[0] - before[0], after[1] - before[1]
    assert updated == 20 * 100
    assert without_index > 0.6 * updated


async def hot(connection: asyncpg.Connection) -> tuple[int, int]:
    row = await connection.fetchrow(
        "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'tasks'"
    )
    return row[0], row[1]
