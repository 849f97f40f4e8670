"""The same questions on PostgreSQL: requests against the ceiling, claims by several dispatchers, their leases."""

import asyncio
import json
import multiprocessing
import statistics
import time
from pathlib import Path

import asyncpg

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


def measure(folder: Path) -> list[Figure]:
    """Detail and Run against the ceiling with one and two processes, claims, renewals."""
    with postgres() as server:
        figures = _answers(folder / "one", new_database(server), workers=1)
        figures += _answers(folder / "two", new_database(server), workers=2)
        figures += [_claims(new_database(server), dispatchers) for dispatchers in (1, 4, 16)]
        figures += [_renewal(new_database(server))]
    return figures


def _answers(folder: Path, database: str, *, workers: int) -> list[Figure]:
    folder.mkdir()
    processes = f"{workers} process{'es' if workers > 1 else ''}"
    # Nobody runs the tasks, so that what is measured is asking.
    with several(folder, database, dispatchers=0, config=f"server.workers = {workers}") as (server, _):
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


def _renewal(database: str) -> Figure:
    """What a dispatcher that runs all that waited writes to keep it, every few seconds."""
    asyncio.run(_queue(database))
    assert _claim_all((database, 0)) == QUEUED
    written, seconds = asyncio.run(_renew(database))
    return Figure(
        what=f"PostgreSQL: a renewal for {QUEUED:,} running tasks, written to the log of transactions",
        measured=written / 1000,
        goal=1,
        unit="kB",
        at_least=False,
        note=f"{1e3 * seconds:.1f} ms",
    )


async def _renew(database: str) -> tuple[float, float]:
    """Bytes and seconds of one renewal."""
    store, connection = await open_postgres(database), await asyncpg.connect(database)
    sizes, times = [], []
    for _ in range(15):
        before = await connection.fetchval("SELECT pg_current_wal_insert_lsn()")
        began = time.perf_counter()
        held = await store.renew("dispatcher 0", at=0.0, until=15.0)
        times.append(time.perf_counter() - began)
        assert len(held) == QUEUED
        sizes.append(await connection.fetchval("SELECT pg_current_wal_insert_lsn() - $1::pg_lsn", before))
    await connection.close()
    await store.close()
    return float(statistics.median(sizes)), statistics.median(times)


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
