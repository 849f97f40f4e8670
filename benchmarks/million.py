"""Detail, claim and list with 1,000,000 finished tasks, against a store of 200, in one run.

Detail over HTTP, of tasks from all over the store; claim and list in the store itself, where nothing hides them.
"""

import asyncio
import json
import random
import statistics
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx

from benchmarks.examples import a_task
from benchmarks.report import Figure
from benchmarks.server_speed import DETAIL, signed
from understudy.data_folder import DATABASE
from understudy.tasks import lifecycle
from understudy.tasks.records import NewTask, Room, RunningLimits, Task
from understudy.tasks.store.sqlite.insertion import insert
from understudy.tasks.store.sqlite.store import SqliteStore, open_sqlite
from understudy.testing.live import Live, live, start

FULL = 1_000_000
SMALL = 200
MODELS = ("chetwinlow1/ovi", "google/veo3-1", "openai/sora-2-pro")
REPEAT = 300
ROUNDS = 5
GOAL = 1.3


def measure(folder: Path) -> list[Figure]:
    """A figure for each operation: its time in the full store by its time in the small one."""
    folders = {FULL: folder / "full", SMALL: folder / "small"}
    for tasks, place in folders.items():
        start(place).stop()
        asyncio.run(_fill(place / "data" / DATABASE, tasks))
    with live(folders[FULL]) as full, live(folders[SMALL]) as small:
        detail = [_detail(full, FULL) / _detail(small, SMALL) for _ in range(ROUNDS)]
    return [
        _figure("Detail over HTTP", detail),
        *asyncio.run(_in_the_store(*(place / "data" / DATABASE for place in folders.values()))),
    ]


def _figure(what: str, ratios: list[float], note: str = "") -> Figure:
    return Figure(
        what=f"{what}, {FULL:,} finished tasks, times {SMALL}",
        measured=statistics.median(ratios),
        goal=GOAL,
        unit="x",
        at_least=False,
        note=note,
    )


def _detail(server: Live, tasks: int) -> float:
    headers = signed(server)
    times = []
    with httpx.Client(base_url=server.url, trust_env=False, headers=headers) as client:
        for _ in range(REPEAT):
            # Another one every time, from all over the store: nothing is in a cache but by chance.
            body = json.dumps({"taskid": str(random.randint(1, tasks))})
            began = time.perf_counter()
            answer = client.post(DETAIL, content=body)
            times.append(time.perf_counter() - began)
            assert answer.json()["result"], answer.text
    return statistics.median(times)


async def _in_the_store(full_path: Path, small_path: Path) -> list[Figure]:
    full, small = await open_sqlite(full_path), await open_sqlite(small_path)
    for store in (full, small):
        for number in range(100):
            await store.submit(NewTask(task=_task(number, "task_queue")))
    operations: dict[str, Callable[[SqliteStore], Awaitable[object]]] = {
        "claim and give back": _claim,
        "list of 20": lambda store: store.tasks(1, limit=20),
        "list of 20 by model and status": lambda store: store.tasks(
            1, model=MODELS[0], status="task_queue", limit=20
        ),
    }
    figures = [
        _figure(name, [await _time(operation, full) / await _time(operation, small) for _ in range(ROUNDS)])
        for name, operation in operations.items()
    ]
    await full.close()
    await small.close()
    return figures


async def _time(operation: Callable[[SqliteStore], Awaitable[object]], store: SqliteStore) -> float:
    times = []
    for _ in range(REPEAT):
        began = time.perf_counter()
        await operation(store)
        times.append(time.perf_counter() - began)
    return statistics.median(times)


async def _claim(store: SqliteStore) -> None:
    room = Room(models=MODELS, places=1)
    (task,) = await store.claim("benchmark", [room], RunningLimits(), at=1.0, until=2.0)
    await store.apply(task.id, lifecycle.give_back(task))


async def _fill(path: Path, tasks: int) -> None:
    store = await open_sqlite(path)
    for begin in range(0, tasks, 20_000):
        numbers = range(begin, min(begin + 20_000, tasks))
        # Past the store's own operations: a million of those would take longer than everything that is measured.
        await store._writer.run(
            lambda connection, numbers=numbers: [  # type: ignore[misc]
                insert(connection, "tasks", _task(number, "task_postprocess_end")) for number in numbers
            ]
        )
    await store.close()


def _task(number: int, status: str) -> Task:
    return a_task(1, status, model=MODELS[number % 3])
