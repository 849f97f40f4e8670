"""Detail, claim and list on PostgreSQL with millions of finished tasks, against a store of 200, in one run.

The tasks are brought in by COPY, as many as UNDERSTUDY_BENCH_TASKS says (1,000,000; 10,000,000 take 14 GB and ten minutes).
"""

import asyncio
import os
import random
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg

from benchmarks.examples import MODEL, a_project, a_task
from benchmarks.report import Figure
from benchmarks.several import new_database, postgres
from understudy.tasks import lifecycle
from understudy.tasks.records import NewTask, Room, RunningLimits, Task
from understudy.tasks.store.postgres.cells import to_cell
from understudy.tasks.store.postgres.store import PostgresStore, open_postgres

SMALL = 200
QUEUED = 200
REPEAT = 300
ROUNDS = 5
GOAL = 1.3
PROJECTS = 5

Operation = Callable[[PostgresStore, int], Awaitable[object]]


def measure(_: Path) -> list[Figure]:
    """A figure for each operation: its time in the full store by its time in the small one."""
    full = int(os.environ.get("UNDERSTUDY_BENCH_TASKS", "1000000"))
    with postgres() as server:
        return asyncio.run(_compare(new_database(server), new_database(server), full))


async def _compare(full_url: str, small_url: str, full: int) -> list[Figure]:
    stores = {}
    for url, tasks in ((full_url, full), (small_url, SMALL)):
        await _fill(url, tasks)
        stores[tasks] = await open_postgres(url)
        owner = (await stores[tasks].projects())[0].id
        for _ in range(QUEUED):
            await stores[tasks].submit(NewTask(task=a_task(owner, "task_queue")))
    operations: dict[str, Operation] = {
        "Detail": _detail,
        "claim and give back": _claim,
        "list of 20": lambda store, _: store.tasks(1, limit=20),
        "list of 20 by model and status": lambda store, _: store.tasks(
            1, model=MODEL, status="task_postprocess_end", limit=20
        ),
        "submit and cancel": _submit,
    }
    figures = []
    for name, operation in operations.items():
        ratios = [
            await _time(operation, stores[full], full) / await _time(operation, stores[SMALL], SMALL)
            for _ in range(ROUNDS)
        ]
        figures.append(
            Figure(
                what=f"PostgreSQL: {name}, {full:,} finished tasks, times {SMALL}",
                measured=statistics.median(ratios),
                goal=GOAL,
                unit="x",
                at_least=False,
                note=f"{1e3 * await _time(operation, stores[full], full):.2f} ms",
            )
        )
    for store in stores.values():
        await store.close()
    return figures


async def _time(operation: Operation, store: PostgresStore, tasks: int) -> float:
    times = []
    for _ in range(REPEAT):
        began = time.perf_counter()
        await operation(store, tasks)
        times.append(time.perf_counter() - began)
    return statistics.median(times)


async def _detail(store: PostgresStore, tasks: int) -> None:
    # Another one every time, from all over the store.
    task = await store.task(random.randint(1, tasks))
    assert task is not None
    await store.outputs(task.id)


async def _claim(store: PostgresStore, _: int) -> None:
    room = Room(models=(MODEL,), places=1)
    (task,) = await store.claim("benchmark", [room], RunningLimits(), at=time.time(), until=time.time() + 60)
    await store.apply(task.id, lifecycle.give_back(task))


async def _submit(store: PostgresStore, _: int) -> None:
    task, _replayed = await store.submit(NewTask(task=a_task(1, "task_queue")))
    await store.apply(task.id, lifecycle.cancel(time.time()))


async def _fill(url: str, tasks: int) -> None:
    store = await open_postgres(url)
    for number in range(PROJECTS):
        await store.add_project(a_project(number))
    await store.close()
    connection = await asyncpg.connect(url)
    columns = [name for name in Task.__struct_fields__ if name != "id"]
    # What the store's own trigger would append for each of them is counted at the end, once.
    await connection.execute("SET session_replication_role = replica")
    for begin in range(0, tasks, 100_000):
        rows = _rows(columns, begin, min(begin + 100_000, tasks))
        await connection.copy_records_to_table("tasks", records=rows, columns=columns)
    await connection.execute("SET session_replication_role = DEFAULT")
    await connection.execute(
        "INSERT INTO counts SELECT project, model, 0, 0, count(*), 0, 0, count(*), 0, 0 FROM tasks GROUP BY project, model"
    )
    await connection.execute("VACUUM ANALYZE tasks")
    await connection.close()


def _rows(columns: list[str], begin: int, end: int) -> Iterator[tuple[Any, ...]]:
    task = a_task(1, "task_postprocess_end")
    pattern = {name: to_cell(name, getattr(task, name)) for name in columns}
    for number in range(begin, end):
        pattern["project"] = 1 + number % PROJECTS
        pattern["token"] = f"{number:030d}"
        pattern["created"] = float(number)
        yield tuple(pattern.values())
