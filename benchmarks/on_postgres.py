"""The same questions on PostgreSQL: requests against the ceiling, claims by several dispatchers, whole tasks a second."""

import asyncio
import json
import multiprocessing
import statistics
import time
from pathlib import Path

import httpx

from benchmarks.ceiling import ceiling
from benchmarks.examples import MODEL, PROMPT, a_project, a_task
from benchmarks.load import Request, requests_per_second
from benchmarks.report import Figure
from benchmarks.server_speed import DETAIL, ROUNDS, RUN, post, signed
from benchmarks.several import new_database, postgres, several
from understudy.tasks import lifecycle
from understudy.tasks.records import NewTask, Room, RunningLimits
from understudy.tasks.store.postgres.store import open_postgres
from understudy.testing.live import Live

POLLED = 64
"""Different tasks that are asked for: who polls asks for his own."""
QUEUED = 6000
WHOLE = 1500


def measure(folder: Path) -> list[Figure]:
    """Detail and Run against the ceiling with one and two processes, claims, whole tasks."""
    with postgres() as server:
        figures = _answers(folder / "one", new_database(server), workers=1)
        figures += _answers(folder / "two", new_database(server), workers=2)
        figures += [_claims(new_database(server), dispatchers) for dispatchers in (1, 4, 16)]
        figures += [_whole_tasks(folder / "whole", new_database(server))]
    return figures


def _answers(folder: Path, database: str, *, workers: int) -> list[Figure]:
    folder.mkdir()
    processes = f"{workers} process{'es' if workers > 1 else ''}"
    # Nobody runs the tasks, so that what is measured is asking.
    with several(folder, database, dispatchers=0, config=f"server.workers = {workers}") as server:
        body = json.dumps({"prompt": PROMPT}).encode()
        ids = [json.loads(post(server, RUN, body).content)["taskid"] for _ in range(POLLED)]
        bodies = tuple(json.dumps({"taskid": id}).encode() for id in ids)
        detail = _share(server, DETAIL, bodies, post(server, DETAIL, bodies[0]).content, folder)
        run = _share(server, RUN, (body,), post(server, RUN, body).content, folder)
    return [
        Figure(
            what=f"PostgreSQL, {processes}: signed Task/Detail of {POLLED} tasks, share of one process's ceiling",
            goal=0.4,
            unit="%",
            at_least=True,
            **detail,
        ),
        Figure(
            what=f"PostgreSQL, {processes}: signed durable Run, 64 clients, share of one process's ceiling",
            goal=0.0,
            unit="%",
            at_least=True,
            **run,
        ),
    ]


def _share(server: Live, path: str, bodies: tuple[bytes, ...], answer: bytes, folder: Path) -> dict:  # type: ignore[type-arg]
    headers = signed(server)
    pairs = []
    with ceiling(answer, folder) as top:
        for _ in range(ROUNDS):
            above = requests_per_second(Request(f"{top}{path}", headers, bodies[0], bodies=bodies))
            rate = requests_per_second(Request(f"{server.url}{path}", headers, bodies[0], bodies=bodies))
            pairs.append((rate, above))
    rate, above = sorted(pairs, key=lambda pair: pair[0] / pair[1])[ROUNDS // 2]
    return {"measured": rate / above, "note": f"{rate:,.0f} of {above:,.0f} requests/s"}


def _claims(database: str, dispatchers: int) -> Figure:
    """Claims of up to 32 at once, by processes of their own, until the queue is empty."""
    asyncio.run(_queue(database))
    context = multiprocessing.get_context("spawn")
    with context.Pool(dispatchers) as pool:
        pool.map(_warm, [database] * dispatchers, chunksize=1)
        began = time.perf_counter()
        taken = pool.map(_claim_all, [(database, number) for number in range(dispatchers)], chunksize=1)
        took = time.perf_counter() - began
    assert sum(taken) == QUEUED, taken
    return Figure(
        what=f"PostgreSQL: claims a second, {dispatchers} dispatcher{'s' if dispatchers > 1 else ''}",
        measured=QUEUED / took,
        goal=1000,
        unit="/s",
        at_least=True,
        note=f"{min(taken):,} to {max(taken):,} each",
    )


async def _queue(database: str) -> None:
    store = await open_postgres(database)
    projects = [await store.add_project(a_project(number)) for number in range(20)]
    for begin in range(0, QUEUED, 200):
        await asyncio.gather(
            *(
                store.submit(NewTask(task=a_task(projects[number % 20].id, lifecycle.Status.QUEUE.value)))
                for number in range(begin, begin + 200)
            )
        )
    await store.close()


def _warm(database: str) -> None:
    time.sleep(0.2)


def _claim_all(given: tuple[str, int]) -> int:
    database, number = given

    async def work() -> int:
        store = await open_postgres(database)
        taken = 0
        while tasks := await store.claim(
            f"dispatcher {number}",
            [Room(models=(MODEL,), places=32)],
            RunningLimits(),
            at=time.time(),
            until=time.time() + 60,
        ):
            taken += len(tasks)
        await store.close()
        return taken

    return asyncio.run(work())


def _whole_tasks(folder: Path, database: str) -> Figure:
    """From the first submission to the last end, two dispatchers with the instant engine."""
    folder.mkdir()
    with several(folder, database, dispatchers=2) as server:
        # The replicas are loaded first.
        asyncio.run(_all_of(server, 32))
        rates = [WHOLE / asyncio.run(_all_of(server, WHOLE)) for _ in range(ROUNDS)]
    return Figure(
        what="PostgreSQL: whole tasks a second, two dispatchers, instant engine",
        measured=statistics.median(rates),
        goal=1000,
        unit="/s",
        at_least=True,
    )


async def _all_of(server: Live, number: int) -> float:
    body = json.dumps({"prompt": PROMPT}).encode()
    async with httpx.AsyncClient(
        base_url=server.url, trust_env=False, headers=signed(server), timeout=60
    ) as client:
        before = await _finished(client)
        began = time.perf_counter()
        for begin in range(0, number, 50):
            answers = await asyncio.gather(
                *(client.post(RUN, content=body) for _ in range(begin, min(begin + 50, number)))
            )
            assert all(answer.json()["result"] for answer in answers)
        while await _finished(client) < before + number:
            await asyncio.sleep(0.05)
        return time.perf_counter() - began


async def _finished(client: httpx.AsyncClient) -> int:
    answer = await client.post("/v1/Task/List", json={"status": "task_postprocess_end", "limit": 1})
    return int(answer.json()["total"])
