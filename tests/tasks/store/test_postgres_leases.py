"""One lease keeps all that a process holds: what its renewal writes, waits for and reads, and what becomes of it."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from tests.postgres import connected, stores
from tests.tasks.examples import new_task, project
from tests.tasks.store.test_postgres_plans import plan_of, steps
from understudy.tasks import lifecycle
from understudy.tasks.records import Room, RunningLimits, Task
from understudy.tasks.store.postgres import agreements, claiming, tasks, webhooks
from understudy.tasks.store.postgres.store import PostgresStore

MANY = 5000
HOLD_MANY = f"""
INSERT INTO tasks (
    uuid, token, project, model, status, priority, attempts, "values", sources, media, seed, callback_url, door, notes,
    stdout, stderr, pexit, reason, engine, cps, cost, created, accepted, preprocess_started, preprocess_ended, assigned,
    started, ended, postprocess_started, postprocess_ended, cancelled, lease_owner, lease_until, files_deleted
)
SELECT
    'u' || n, 't' || n, 1, 'acme/clip', 'task_start', 0, 1, '{{}}', '{{}}', '{{}}', 0, '', '', '', '', '', '', '', 'null',
    '0', '0', n, n, 0, 0, n, n, 0, 0, 0, 0, 'me', 0, 0
FROM generate_series(1, {MANY}) AS n
"""
DEAD = f"""
INSERT INTO leases (what, owner, until)
SELECT kind || n, 'dead:' || n, n FROM unnest('{{"process dead:","tasks dead:"}}'::text[]) AS kind, generate_series(1, {MANY}) AS n;
INSERT INTO webhooks (
    message_id, task, project, url, receiver, attempts, created, due, state, status, error, taken_until
)
SELECT 'm' || n, n, 1, '', '', 1, n, n, 'waiting', 0, '', extract(epoch FROM statement_timestamp()) + 60
FROM generate_series(1, {MANY}) AS n;
"""


@pytest.fixture
async def store() -> AsyncIterator[PostgresStore]:
    async with stores(1) as (opened,):
        await opened.add_project(project())
        yield opened


async def claimed(store: PostgresStore, owner: str = "me", seconds: float = 60.0) -> Task:
    await store.submit(new_task(1))
    rooms = [Room(models=("acme/clip",), places=1)]
    (task,) = await store.claim(owner, rooms, RunningLimits(), at=0.0, until=seconds)
    return task


async def renewed(store: PostgresStore, owner: str = "me") -> set[int]:
    return await store.renew(owner, at=0.0, until=60.0)


async def records_of_a_renewal(connection: asyncpg.Connection, *, held: int) -> int:
    """Records in the log of transactions; that many tasks have to be found."""
    asked = claiming.RENEW.replace("$1", "'me'").replace("$2", "NULL").replace("$3", "15")
    (found,) = json.loads(await connection.fetchval(f"EXPLAIN (ANALYZE, WAL, FORMAT JSON) {asked}"))
    assert found["Plan"]["Actual Rows"] == held
    return int(found["Plan"]["WAL Records"])


async def test_a_renewal_writes_as_much_for_thousands_as_for_none(store: PostgresStore) -> None:
    async with connected(store.url) as connection:
        await renewed(store)
        alone = [await records_of_a_renewal(connection, held=0) for _ in range(3)]
        await connection.execute(HOLD_MANY)
        await connection.execute("VACUUM ANALYZE tasks")
        crowded = [await records_of_a_renewal(connection, held=MANY) for _ in range(3)]
    assert len(await renewed(store)) == MANY
    assert max(crowded) <= max(alone) <= 3


def shape(plan: dict[str, Any]) -> list[tuple[str, ...]]:
    """What a plan does, without how much of it the planner expects."""
    parts = ("Node Type", "Index Name", "Relation Name", "Conflict Arbiter Indexes")
    return [tuple(str(step[part]) for part in parts if part in step) for step in steps(plan)]


async def test_what_dead_processes_leave_changes_no_plan(store: PostgresStore) -> None:
    asked = (
        claiming.WAITING,
        claiming.CLAIM,
        claiming.RENEW,
        tasks.EXPIRED,
        agreements.LEAD,
        webhooks.CLAIM,
        webhooks.NEXT,
    )
    for number in range(20):
        await store.lead(f"process {number}", str(number), at=0.0, until=60.0)
    async with connected(store.url, statement_cache_size=0) as connection:
        await connection.execute(HOLD_MANY)
        await connection.execute("ANALYZE")
        before = {sql: shape(await plan_of(connection, sql)) for sql in asked}
        await connection.execute(DEAD)
        await connection.execute("ANALYZE")
        after = {sql: shape(await plan_of(connection, sql)) for sql in asked}
    for sql in (claiming.WAITING, claiming.CLAIM, claiming.RENEW, agreements.LEAD):
        assert after[sql] == before[sql]
    scanned = {(sql, step) for sql, plan in after.items() for step in plan if step[0] == "Seq Scan"}
    assert {step for _, step in scanned} & {("Seq Scan", "leases"), ("Seq Scan", "webhooks")} == set()
    assert len(await renewed(store)) == MANY


async def test_leases_of_dead_processes_are_forgotten_some_at_a_time(store: PostgresStore) -> None:
    async with connected(store.url) as connection:
        await connection.execute(DEAD)
        await store.lead("process me", "me", at=0.0, until=60.0)
        await claimed(store)
        await renewed(store)
        await connection.execute("UPDATE leases SET until = until - 61 WHERE what = 'process me'")
        left = []
        while not left or left[-1] != await connection.fetchval("SELECT count(*) FROM leases"):
            left.append(await connection.fetchval("SELECT count(*) FROM leases"))
            await store.forget_leases(0.0)
        rows = await connection.fetch("SELECT what FROM leases ORDER BY what")
    assert left == [*range(2 * MANY + 2, 0, -1000)]
    assert [what for (what,) in rows] == ["process me", "tasks me"], (
        "what ran out a second ago may be its clock"
    )


async def test_a_renewal_waits_for_nobody_who_changes_a_task(store: PostgresStore) -> None:
    task = await claimed(store)
    async with connected(store.url) as other:
        async with other.transaction():
            # As who takes it up does; not committed yet.
            await other.execute(
                "UPDATE tasks SET status = 'task_queue', lease_owner = '', lease_until = 0 WHERE id = $1",
                task.id,
            )
            async with asyncio.timeout(5):
                assert await renewed(store) == {task.id}
        assert await renewed(store) == set()
    assert await store.apply(task.id, lifecycle.refuse(task, 1.0, "late")) is None


async def test_a_renewal_goes_by_the_clock_of_the_database(store: PostgresStore) -> None:
    task = await claimed(store, seconds=0.05)
    assert await store.renew("me", at=9e9, until=9e9 + 0.4) == {task.id}
    await asyncio.sleep(0.1)
    assert await store.expired(9e12) == []
    await asyncio.sleep(0.4)
    assert [each.id for each in await store.expired(0.0)] == [task.id]


async def test_a_lease_that_is_being_forgotten_is_made_again(store: PostgresStore) -> None:
    task = await claimed(store, seconds=0.05)
    await renewed(store)
    async with connected(store.url) as other:
        async with other.transaction():
            await other.execute("DELETE FROM leases")
            renewal = asyncio.create_task(renewed(store))
            done, _ = await asyncio.wait({renewal}, timeout=0.2)
            assert not done, "it waits for the row"
        assert await renewal == {task.id}
    assert await store.expired(0.0) == []


async def test_of_one_who_is_taken_up_by_many_each_task_is_changed_once() -> None:
    async with stores(3) as crew:
        await crew[0].add_project(project())
        held = {(await claimed(crew[0], seconds=0.2)).id for _ in range(20)}
        await crew[0].renew("me", at=0.0, until=0.2)
        async with asyncio.timeout(10):
            while {task.id for task in await crew[1].expired(0.0)} != held:
                await asyncio.sleep(0.05)

        async def take_up(store: PostgresStore) -> list[int]:
            found = await store.expired(0.0)
            changed = [await store.apply(task.id, lifecycle.recover(task, 1.0, 3, "Lost.")) for task in found]
            return [task.id for task in changed if task is not None]

        # Its owner is back at the same moment.
        *taken, _ = await asyncio.gather(*(take_up(store) for store in crew), renewed(crew[0]))
        recovered = [id for each in taken for id in each]
        kept = await renewed(crew[0])
        assert len(recovered) == len(set(recovered))
        assert {*recovered} | kept == held
        assert not {*recovered} & kept


async def test_who_leaves_leaves_its_tasks_to_the_others_at_once(store: PostgresStore) -> None:
    task = await claimed(store, seconds=0.05)
    await renewed(store)
    await asyncio.sleep(0.1)
    assert await store.expired(0.0) == []
    await store.leave("me")
    assert [each.id for each in await store.expired(0.0)] == [task.id]
