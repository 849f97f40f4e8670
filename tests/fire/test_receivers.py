"""Thousands of webhooks wait for receivers that are slow, dead or lying: nobody else notices."""

import asyncio
import statistics
import time
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import msgspec

from tests.fire.receivers import Heard, bad_ones, receiver
from tests.fire.site import INSTANT, Site, site
from understudy.client.credentials import Credentials
from understudy.client.signing import signed_headers

WAITING = 3000
RUNS = 25
# As if so many tasks had ended just now, whose webhooks go to the bad ones: copies of one that is there.
MANY = """
WITH model AS (SELECT * FROM tasks ORDER BY id LIMIT 1), made AS (
    INSERT INTO tasks ({columns})
    SELECT {values} FROM model, generate_series(1, $1) AS number
    RETURNING id, project, callback_url
)
INSERT INTO webhooks (message_id, task, project, url, receiver, attempts, created, due, state, status, error)
SELECT 'msg_' || gen_random_uuid(), id, project, callback_url, split_part(callback_url, '/', 3), 0,
    extract(epoch FROM now()), extract(epoch FROM now()), 'waiting', 0, ''
FROM made
"""


class Pace(msgspec.Struct, frozen=True):
    """How quick things are, in seconds."""

    submission: float
    """The median."""
    run: float
    """From one end to the other, the median."""
    delivery: float
    """From the end of a task to its webhook's arrival, the median."""
    slowest: float
    """The same, the slowest."""


async def test_bad_receivers_slow_nobody_else(tmp_path: Path) -> None:
    heard = Heard()
    async with receiver(heard.take) as good, bad_ones() as bad, site(tmp_path, straight=True) as made:
        (keys,) = await made.projects(1)
        await measured(made, keys, good, heard, 2)  # what is loaded on first use
        alone = await measured(made, keys, good, heard, RUNS)
        await fill_the_outbox(made, bad)
        await asyncio.sleep(2.0)
        among = await measured(made, keys, good, heard, RUNS)
        print(f"alone {alone}\namong {WAITING} waiting webhooks {among}")
        assert among.delivery < 1.0
        # Less than one attempt at a silent receiver takes (see program.py), so it has waited for none.
        assert among.slowest < 4.0
        # With room for what else this machine does.
        assert among.submission < 3 * alone.submission + 0.1
        assert among.run < 3 * alone.run + 0.5
        connection = await asyncpg.connect(made.database)
        tried = await connection.fetch(
            "SELECT receiver, max(greatest(attempts, (taken_until > 0)::int)) AS tries FROM webhooks GROUP BY receiver"
        )
        await connection.close()
        assert len(tried) == len(bad) + 1
        assert {each["receiver"] for each in tried if each["tries"] == 0} == set(), (
            "bad ones are tried as well"
        )
        for process in made.named("dispatcher"):
            process.look()
            assert process.peak < 250e6


async def measured(made: Site, keys: Credentials, hook: str, heard: Heard, runs: int) -> Pace:
    """One task after the other, at one process and the other."""
    urls = [each.url for each in made.named("api")]
    submissions, turnarounds, ids = [], [], []
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:

        async def post(path: str, **body: str) -> dict[str, Any]:
            url = f"{urls[len(ids) % 2]}/v1/{path}"
            answer = await client.post(url, json=body, headers=signed_headers(keys, time.time()))
            found: dict[str, Any] = answer.json()
            assert found["result"], found
            return found

        for _ in range(runs):
            began = time.monotonic()
            ids.append((await post(f"Run/{INSTANT}", prompt="A road.", callbackUrl=hook))["taskid"])
            submissions.append(time.monotonic() - began)
            while (await post("Task/Detail", taskid=ids[-1]))["tasklist"][0][
                "status"
            ] != "task_postprocess_end":
                await asyncio.sleep(0.01)
            turnarounds.append(time.monotonic() - began)
    async with asyncio.timeout(30):
        while not heard.at.keys() >= set(ids):
            await asyncio.sleep(0.02)
    connection = await asyncpg.connect(made.database)
    ended = dict(await connection.fetch("SELECT id::text, postprocess_ended FROM tasks"))
    await connection.close()
    deliveries = [heard.at[id] - ended[id] for id in ids]
    return Pace(
        statistics.median(submissions),
        statistics.median(turnarounds),
        statistics.median(deliveries),
        max(deliveries),
    )


async def fill_the_outbox(made: Site, bad: list[str]) -> None:
    """Let thousands of webhooks be due at bad receivers."""
    connection = await asyncpg.connect(made.database)
    names = [
        name
        for (name,) in await connection.fetch(
            "SELECT column_name::text FROM information_schema.columns WHERE table_name = 'tasks'"
            " AND column_name NOT IN ('id', 'phase')"
        )
    ]
    own = {
        "uuid": "gen_random_uuid()::text",
        "token": "replace(gen_random_uuid()::text, '-', '')",
        "callback_url": f"('{{{','.join(bad)}}}'::text[])[1 + number % {len(bad)}]",
    }
    await connection.execute("ANALYZE webhooks")
    sql = MANY.format(
        columns=", ".join(f'"{name}"' for name in names),
        values=", ".join(own.get(name, f'model."{name}"') for name in names),
    )
    await connection.execute(sql, WAITING)
    await connection.close()
