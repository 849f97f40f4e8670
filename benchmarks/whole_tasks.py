"""Whole tasks on PostgreSQL, from the first submission to the last end: how many a second, and what one of them costs.

Two dispatchers with the instant engine, so that what is measured is the server. What each process costs is processor
time, which says the same on a busy machine as on a quiet one; a rate does not.
"""

import asyncio
import json
import time
from pathlib import Path

import asyncpg
import httpx
import msgspec
from tests.postgres import Postgres

from benchmarks.examples import PROMPT
from benchmarks.processor import family_seconds, processor_seconds
from benchmarks.report import Figure
from benchmarks.server_speed import ROUNDS, RUN, signed
from benchmarks.several import new_database, postgres, several
from understudy.testing.live import Live

TASKS = 1500
AT_ONCE = 50
"""Submissions under way at the same time."""
SETTLING_SECONDS = 1.2
"""Within which every process of PostgreSQL has told what it counted (PGSTAT_MIN_INTERVAL is a second)."""

WRITTEN = """
SELECT
    (pg_current_wal_lsn() - '0/0')::float8 AS wal,
    (SELECT xact_commit FROM pg_stat_database WHERE datname = current_database())::float8 AS transactions,
    (SELECT n_tup_ins + n_tup_upd FROM pg_stat_user_tables WHERE relname = 'tasks')::float8 AS versions,
    (SELECT n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'tasks')::float8 AS hot,
    (SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_user_tables)::float8 AS changes,
    (SELECT count(*) FROM news)::float8 AS news
"""


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """What so many tasks have cost so far. Processor times in seconds, `wal` in bytes, the others are numbers."""

    api: float
    dispatchers: float
    replicas: float
    database: float
    wal: float
    transactions: float
    versions: float
    """Of rows of tasks: inserted or updated."""
    hot: float
    """Of these, those that changed no index (see the table `tasks`)."""
    changes: float
    """Rows of all tables that were inserted, updated or deleted."""
    news: float
    """Notifications."""

    def since(self, before: "Cost", tasks: int) -> "Cost":
        """For one task."""
        return Cost(
            **{name: (getattr(self, name) - getattr(before, name)) / tasks for name in self.__struct_fields__}
        )

    @property
    def processor(self) -> float:
        return self.api + self.dispatchers + self.replicas + self.database


def measure(folder: Path) -> list[Figure]:
    """The rate, the processor time by process, what PostgreSQL writes."""
    with postgres() as server:
        database = new_database(server)
        with several(folder, database, dispatchers=2) as (api, dispatchers):
            # The replicas are loaded first.
            asyncio.run(all_of(api, 64))
            rounds = []
            for _ in range(ROUNDS):
                before = _cost(server, database, api, dispatchers)
                took = asyncio.run(all_of(api, TASKS))
                cost = _cost(server, database, api, dispatchers).since(before, TASKS)
                rounds.append((TASKS / took, cost))
    rate = sorted(rate for rate, _ in rounds)[ROUNDS // 2]
    cost = sorted((cost for _, cost in rounds), key=lambda cost: cost.processor)[ROUNDS // 2]
    return [
        Figure(
            what="PostgreSQL: whole tasks a second, two dispatchers, instant engine",
            measured=rate,
            goal=1000,
            unit="/s",
            at_least=True,
        ),
        Figure(
            what="processor time of a whole task, all processes",
            measured=1000 * cost.processor,
            goal=2,
            unit="ms",
            at_least=False,
            note=f"dispatchers {1000 * cost.dispatchers:.2f}, PostgreSQL {1000 * cost.database:.2f},"
            f" API {1000 * cost.api:.2f}, replicas {1000 * cost.replicas:.2f}",
        ),
        Figure(
            what="versions of its row that a whole task writes",
            measured=cost.versions,
            goal=6,
            unit="",
            at_least=False,
            note=f"{cost.hot:.1f} of them without touching an index; {cost.changes:.1f} rows of all tables,"
            f" {cost.wal / 1024:.1f} KiB of log, {cost.transactions:.1f} transactions (reads and background work"
            f" included), {cost.news:.2f} notifications",
        ),
    ]


def _cost(server: Postgres, database: str, api: Live, dispatchers: list[Live]) -> Cost:
    postmaster = int((server.folder / "data" / "postmaster.pid").read_text().split()[0])
    pids = [each.process.pid for each in dispatchers]
    seconds = {
        "api": family_seconds(api.process.pid),
        "dispatchers": sum(map(processor_seconds, pids)),
        "replicas": sum(family_seconds(pid, besides={pid}) for pid in pids),
        "database": family_seconds(postmaster),
    }
    time.sleep(SETTLING_SECONDS)
    return Cost(**seconds, **asyncio.run(_written(database)))


async def _written(database: str) -> dict[str, float]:
    connection = await asyncpg.connect(database)
    try:
        return dict(await connection.fetchrow(WRITTEN))
    finally:
        await connection.close()


async def all_of(server: Live, number: int) -> float:
    """Seconds from the first submission of so many tasks to the last end."""
    body = json.dumps({"prompt": PROMPT}).encode()
    # The server closes a connection that has been idle for 5 seconds, perhaps just as it is used again.
    limits = httpx.Limits(max_connections=AT_ONCE, keepalive_expiry=2)
    async with httpx.AsyncClient(
        base_url=server.url, trust_env=False, headers=signed(server), timeout=60, limits=limits
    ) as client:
        before = await _finished(client)
        began = time.perf_counter()
        for begin in range(0, number, AT_ONCE):
            answers = await asyncio.gather(
                *(client.post(RUN, content=body) for _ in range(begin, min(begin + AT_ONCE, number)))
            )
            assert all(answer.json()["result"] for answer in answers)
        while await _finished(client) < before + number:
            await asyncio.sleep(0.05)
        return time.perf_counter() - began


async def _finished(client: httpx.AsyncClient) -> int:
    answer = await client.post("/v1/Task/List", json={"status": "task_postprocess_end", "limit": 1})
    return int(answer.json()["total"])
