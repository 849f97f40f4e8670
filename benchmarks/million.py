"""Detail, claim and list with 1,000,000 finished tasks, against an empty store, in one run."""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from benchmarks.report import Figure
from understudy.tasks import lifecycle
from understudy.tasks.projects import letters
from understudy.tasks.records import NewTask, Project, Task
from understudy.tasks.store.sqlite.store import SqliteStore, open_sqlite

TASKS = 1_000_000
MODELS = ("chetwinlow1/ovi", "google/veo3-1", "openai/sora-2-pro")
REPEAT = 300


def measure(folder: Path) -> list[Figure]:
    """A figure for each operation: its time in the full store by its time in the empty one."""
    return asyncio.run(_measure(folder))


async def _measure(folder: Path) -> list[Figure]:
    empty, full = await open_sqlite(folder / "empty.db"), await open_sqlite(folder / "full.db")
    for store in (empty, full):
        await store.add_project(_project())
    began = time.perf_counter()
    await _fill(full, TASKS)
    filled = time.perf_counter() - began
    for store in (empty, full):
        for _ in range(200):
            await store.submit(_new())
    operations: dict[str, Callable[[SqliteStore], Awaitable[object]]] = {
        "Detail": lambda store: store.task(_some_task(store is full)),
        "claim (and give back)": _claim,
        "list of 20": lambda store: store.tasks(1, limit=20),
        "list of 20, by model and status": lambda store: store.tasks(
            1, model=MODELS[0], status="task_queue", limit=20
        ),
    }
    figures = []
    for name, operation in operations.items():
        ratios = [await _time(operation, full) / await _time(operation, empty) for _ in range(5)]
        figures.append(
            Figure(
                what=f"{name} with {TASKS:,} finished tasks, times an empty store",
                measured=statistics.median(ratios),
                goal=1.3,
                unit="x",
                at_least=False,
                note=f"filled in {filled:.0f} s" if name == "Detail" else "",
            )
        )
    await empty.close()
    await full.close()
    return figures


async def _time(operation: Callable[[SqliteStore], Awaitable[object]], store: SqliteStore) -> float:
    times = []
    for _ in range(REPEAT):
        began = time.perf_counter()
        await operation(store)
        times.append(time.perf_counter() - began)
    return statistics.median(times)


async def _claim(store: SqliteStore) -> None:
    task = await store.claim("benchmark", MODELS, at=1.0, until=2.0)
    assert task is not None
    await store.apply(task.id, lifecycle.give_back(task))


_asked = 0


def _some_task(full: bool) -> int:
    """A different one every time, over the whole store."""
    global _asked
    _asked += 1
    return 1 + (_asked * 7919) % (TASKS if full else 200)


async def _fill(store: SqliteStore, tasks: int) -> None:
    batch = 20_000
    for begin in range(0, tasks, batch):
        await asyncio.gather(
            *(
                store.submit(_new(begin + n, status="task_postprocess_end"))
                for n in range(min(batch, tasks - begin))
            )
        )


def _new(number: int = 0, status: str = "task_queue") -> NewTask:
    return NewTask(
        task=Task(
            id=0,
            uuid=f"00000000-0000-4000-8000-{number:012d}",
            token=letters(30),
            project=1,
            model=MODELS[number % 3],
            status=status,
            values={"prompt": "A narrow dirt road cuts through grassy terrain under natural daylight."},
            created=float(number),
        )
    )


def _project() -> Project:
    return Project(
        id=0, name="benchmark", auth="key", key_hash=b"1", api_key=b"", api_secret=b"", webhook_secret=b""
    )
