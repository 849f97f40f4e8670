"""Every page of the dashboard with 1,000,000 finished tasks, 10,000 waiting ones and 10,000 projects.

Over HTTP, signed in as an operator, so that all that a server does for a page is in it. What is measured is the slowest
address, and each of those that take filters.
"""

import asyncio
import re
import statistics
import time
from decimal import Decimal
from pathlib import Path

import httpx
from msgspec.structs import replace

from benchmarks.examples import MODEL, a_project, a_task
from benchmarks.report import Figure
from understudy.data_folder import DATABASE, SIGN_IN
from understudy.tasks.records import LedgerLine
from understudy.tasks.store.rows import to_pico
from understudy.tasks.store.sqlite.insertion import insert
from understudy.tasks.store.sqlite.store import open_sqlite
from understudy.testing.live import live, start
from understudy.web.site import PAGES

FINISHED = 1_000_000
WAITING = 10_000
PROJECTS = 10_000
LINES = 10_000
REPEAT = 9
GOAL = 100.0
"""Milliseconds."""

FILTERS = (
    "/clips?q=nothing-that-is-there",
    "/clips?stage=failed&since=2020-01-01",
    "/operate/tasks?q=nothing-that-is-there",
    "/operate/tasks?engine=veo",
    "/operate/tasks?stage=failed",
    "/operate/tasks?project=7&stage=done",
    "/operate/tasks?beyond=500000",
    "/operate/tasks/stop?q=nothing-that-is-there",
    "/operate/projects?q=project+99",
    "/operate?span=day",
)


def measure(folder: Path) -> list[Figure]:
    """Milliseconds of the slowest page, and of each filter."""
    start(folder / "pages").stop()
    asyncio.run(_fill(folder / "pages" / "data" / DATABASE))
    addresses = sorted({*(_sample(page.path) for page in PAGES if page.method == "GET"), *FILTERS})
    with live(folder / "pages", config="server.drain_seconds = 0\nengine.instant.replicas = 1") as server:
        link = (server.data / SIGN_IN).read_text().strip()
        with httpx.Client(base_url=server.url, trust_env=False, headers={"accept": "text/html"}) as client:
            signed_in = client.post(
                "/welcome", data={"invitation": link.partition("#")[2], "password": "x" * 12}
            )
            assert signed_in.status_code == 303, signed_in.text
            times = {address: _time(client, address) for address in addresses}
    slowest = max(times, key=lambda address: times[address])
    return [
        Figure(
            what=f"slowest of {len(times)} pages, {FINISHED:,} finished tasks",
            measured=times[slowest],
            goal=GOAL,
            unit="ms",
            at_least=False,
            note=slowest,
        ),
        *(
            Figure(what=f"page {address}", measured=times[address], goal=GOAL, unit="ms", at_least=False)
            for address in FILTERS
        ),
    ]


def _sample(path: str) -> str:
    owner, slug = MODEL.split("/")
    known = {"id": str(FINISHED // 2), "owner": owner, "slug": slug}
    return re.sub(r"\{(\w+)\}", lambda found: "1" if "project" in path else known.get(found[1], "1"), path)


def _time(client: httpx.Client, address: str) -> float:
    times = []
    for _ in range(REPEAT):
        began = time.perf_counter()
        answer = client.get(address)
        times.append(1000 * (time.perf_counter() - began))
        assert not answer.is_error, (address, answer.status_code)
    return statistics.median(times)


async def _fill(path: Path) -> None:
    store = await open_sqlite(path)
    for begin in range(0, FINISHED + WAITING, 20_000):
        numbers = range(begin, min(begin + 20_000, FINISHED + WAITING))
        # Past the store's own operations: a million of those would take longer than everything that is measured.
        await store._writer.run(
            lambda connection, numbers=numbers: [  # type: ignore[misc]
                insert(
                    connection,
                    "tasks",
                    replace(
                        a_task(1, "task_postprocess_end" if number < FINISHED else "task_queue"),
                        engine={"name": "instant", "version": "1", "preview": False},
                    ),
                )
                for number in numbers
            ]
        )
    await store._writer.run(
        lambda connection: [
            insert(connection, "projects", a_project(number)) for number in range(2, PROJECTS)
        ]
    )
    await store._writer.run(
        lambda connection: [
            insert(
                connection,
                "ledger",
                replace(
                    LedgerLine(id=0, project=1, task=number, amount=Decimal(0), note=MODEL, at=time.time()),
                    amount=to_pico(Decimal("-0.1")),
                ),
            )
            for number in range(1, LINES)
        ]
    )
    await store.close()
