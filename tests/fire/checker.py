"""Proof that nothing was lost, doubled or left behind: reads the database and the object store, and believes nobody.

`faults` gives a sentence for everything that is wrong; none means that all of it holds. It is to be asked when nothing
runs any more.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence

import asyncpg
import msgspec

from understudy.files.storage import Storage

_DELIVERED = "tasks.status = 'task_postprocess_end' AND tasks.pexit = '0'"
_MOST_NAMED = 5

RULES: Mapping[str, str] = {
    "a task is not over": "SELECT id, status FROM tasks WHERE phase IN ('queued', 'running')",
    "a task is held by somebody although it is over": """
        SELECT id, lease_owner FROM tasks WHERE phase NOT IN ('queued', 'running') AND lease_owner <> ''
    """,
    "a delivered task has not exactly one output, or another one has any": f"""
        SELECT tasks.id, tasks.status, count(files.id) FROM tasks
        LEFT JOIN files ON files.task = tasks.id AND files.role = 'output'
        GROUP BY tasks.id HAVING count(files.id) <> CASE WHEN {_DELIVERED} THEN 1 ELSE 0 END
    """,
    "an output has not exactly one thumbnail": """
        SELECT clip.id, count(picture.id) FROM files AS clip
        LEFT JOIN files AS picture ON picture.parent = clip.id AND picture.role = 'thumbnail'
        WHERE clip.role = 'output' GROUP BY clip.id HAVING count(picture.id) <> 1
    """,
    "a file belongs to a task that does not exist": """
        SELECT id, role, task FROM files WHERE task <> 0 AND NOT EXISTS (SELECT 1 FROM tasks WHERE tasks.id = files.task)
    """,
    "what was fetched from a partner is still there": "SELECT id, task FROM files WHERE role = 'fetched'",
    "a delivered task has not exactly one ledger line of its cost, or another one has any": f"""
        SELECT tasks.id, tasks.status, tasks.cost, count(ledger.id), sum(ledger.amount) FROM tasks
        LEFT JOIN ledger ON ledger.task = tasks.id
        GROUP BY tasks.id HAVING
            count(ledger.id) <> CASE WHEN {_DELIVERED} AND tasks.cost::numeric <> 0 THEN 1 ELSE 0 END
            OR coalesce(sum(ledger.amount), 0) <> -tasks.cost::numeric * 1000000000000
    """,
    "a balance is not the sum of its ledger": """
        SELECT projects.id, projects.balance, moves.sum, lines.sum FROM projects,
            LATERAL (SELECT coalesce(sum(moved), 0) AS sum FROM pending WHERE project = projects.id) AS moves,
            LATERAL (SELECT coalesce(sum(amount), 0) AS sum FROM ledger WHERE project = projects.id) AS lines
        WHERE projects.balance + moves.sum <> lines.sum
    """,
    "what was spent in an hour is not what the ledger says": """
        SELECT * FROM (
            SELECT project, hour, sum(amount) AS amount FROM (
                SELECT project, hour, amount FROM spending
                UNION ALL SELECT project, hour, spent FROM pending WHERE spent <> 0
            ) AS both_parts GROUP BY project, hour
        ) AS counted FULL JOIN (
            SELECT project, floor(at / 3600)::bigint AS hour, -sum(amount) AS amount FROM ledger WHERE task <> 0
            GROUP BY 1, 2
        ) AS listed USING (project, hour)
        WHERE counted.amount IS DISTINCT FROM listed.amount
    """,
    "a count of tasks is not their number": """
        SELECT * FROM (
            SELECT project, model, sum(queued) AS queued, sum(running) AS running, sum(delivered) AS delivered,
                sum(cancelled) AS cancelled, sum(failed) AS failed, sum(successes) AS successes
            FROM tallies WHERE model <> '' GROUP BY project, model
        ) AS counted FULL JOIN (
            SELECT project, model, count(*) FILTER (WHERE phase = 'queued') AS queued,
                count(*) FILTER (WHERE phase = 'running') AS running,
                count(*) FILTER (WHERE phase = 'delivered') AS delivered,
                count(*) FILTER (WHERE phase = 'cancelled') AS cancelled,
                count(*) FILTER (WHERE phase = 'failed') AS failed,
                count(*) FILTER (WHERE phase = 'delivered' AND pexit = '0') AS successes
            FROM tasks GROUP BY project, model
        ) AS listed USING (project, model)
        WHERE (counted.queued, counted.running, counted.delivered, counted.cancelled, counted.failed, counted.successes)
            IS DISTINCT FROM
            (listed.queued, listed.running, listed.delivered, listed.cancelled, listed.failed, listed.successes)
    """,
    "the seconds of a model's work are not the sum of its tasks'": """
        SELECT * FROM (SELECT model, sum(elapsed) AS elapsed FROM tallies WHERE model <> '' GROUP BY model) AS counted
        FULL JOIN (SELECT model, sum(seconds_of_success(tasks)) AS elapsed FROM tasks GROUP BY model) AS listed
        USING (model)
        WHERE counted.elapsed IS NULL OR listed.elapsed IS NULL OR abs(counted.elapsed - listed.elapsed) > 0.001
    """,
    "a task has not exactly the webhook that it asked for": """
        SELECT tasks.id, tasks.callback_url, count(webhooks.id) FROM tasks
        LEFT JOIN webhooks ON webhooks.task = tasks.id AND webhooks.url = tasks.callback_url
        GROUP BY tasks.id HAVING count(webhooks.id) <> CASE WHEN tasks.callback_url <> '' THEN 1 ELSE 0 END
    """,
    "a webhook was not delivered": "SELECT id, task, state, error FROM webhooks WHERE state <> 'delivered'",
    "a purchase is open": "SELECT id, task, state FROM purchases WHERE state <> 'settled'",
    "two purchases of a task may have cost something": """
        SELECT task, array_agg(outcome) FROM purchases
        WHERE outcome NOT IN ('refused', 'declined') AND charged IS DISTINCT FROM 0 GROUP BY task HAVING count(*) > 1
    """,
    "a purchase was delivered and its task was not": f"""
        SELECT purchases.id, task FROM purchases JOIN tasks ON tasks.id = purchases.task
        WHERE outcome = 'delivered' AND NOT ({_DELIVERED})
    """,
    "a task was delivered by a partner without a purchase": f"""
        SELECT tasks.id FROM tasks WHERE {_DELIVERED} AND tasks.model = 'fire/bought' AND NOT EXISTS (
            SELECT 1 FROM purchases WHERE purchases.task = tasks.id AND outcome = 'delivered'
        )
    """,
    "a purchase has not exactly the line in the operator's ledger that it cost": """
        SELECT purchases.id, purchases.charged, count(line.id) FROM purchases
        LEFT JOIN operator_ledger AS line ON line.purchase = purchases.id AND line.amount = -purchases.charged
        GROUP BY purchases.id HAVING count(line.id) <> CASE WHEN coalesce(purchases.charged, 0) <> 0 THEN 1 ELSE 0 END
    """,
    "a count of purchases is not their number": """
        SELECT * FROM purchase_counts AS counted
        FULL JOIN (SELECT engine, outcome, count(*) AS n FROM purchases WHERE state = 'settled' GROUP BY 1, 2) AS listed
        USING (engine, outcome) WHERE counted.n IS DISTINCT FROM listed.n
    """,
    "a note of the shelf was left behind": "SELECT note, owner FROM shelvings",
    "a lease is held": "SELECT what, owner FROM leases WHERE until > extract(epoch FROM statement_timestamp())",
    "two idempotency keys have the same task": """
        SELECT task, array_agg("key") FROM idempotency_keys GROUP BY task HAVING count(*) > 1
    """,
}
"""What is wrong, with the question that finds it."""


class Job(msgspec.Struct, frozen=True):
    """One that a partner was paid for."""

    id: str
    prompt: str


class Witness(msgspec.Struct, frozen=True, kw_only=True):
    """What the outside has seen."""

    accepted: Mapping[str, str]
    """Task ids by idempotency key: all that were ever answered, and none that was given up."""
    ends: Mapping[str, set[str]]
    """The last statuses that were told, by task id."""
    heard: Sequence[tuple[str, str]]
    """Webhooks that receivers took: message id and task id."""
    jobs: Sequence[Job]


async def faults(database: asyncpg.Connection, storage: Storage, seen: Witness) -> list[str]:
    """A sentence for everything that is wrong."""
    found = []
    for wrong, question in RULES.items():
        found += _sentence(wrong, await database.fetch(question))
    found += _requests(seen, await database.fetch('SELECT "key", project, task FROM idempotency_keys'))
    tasks = await database.fetch('SELECT id, status, "values" FROM tasks')
    found += _tasks(seen, tasks)
    found += _webhooks(seen, await database.fetch("SELECT message_id, task FROM webhooks"))
    purchases = await database.fetch("SELECT task, remote_id, outcome FROM purchases")
    found += _jobs(seen, tasks, purchases)
    found += await _files(storage, await database.fetch('SELECT "key", size, role FROM files'))
    return found


def _requests(seen: Witness, rows: Sequence[asyncpg.Record]) -> list[str]:
    kept = {key: str(task) for key, _, task in rows}
    other = [key for key in seen.accepted.keys() | kept.keys() if seen.accepted.get(key) != kept.get(key)]
    return _sentence("a request was answered otherwise than it is remembered", other)


def _tasks(seen: Witness, rows: Sequence[asyncpg.Record]) -> list[str]:
    status = {str(id): status for id, status, _ in rows}
    accepted = set(seen.accepted.values())
    told = {id: ends for id, ends in seen.ends.items() if ends != {status.get(id)}}
    return [
        *_sentence("a task was accepted and is gone", sorted(accepted - status.keys())),
        *_sentence("a task is there that nobody asked for", sorted(status.keys() - accepted)),
        *_sentence("another end was told than there was", sorted(told.items())),
    ]


def _webhooks(seen: Witness, rows: Sequence[asyncpg.Record]) -> list[str]:
    written = {(message, str(task)) for message, task in rows}
    heard = set(seen.heard)
    return [
        *_sentence("a webhook never arrived", sorted(written - heard)),
        *_sentence("a webhook arrived that was never written", sorted(heard - written)),
    ]


def _jobs(seen: Witness, tasks: Sequence[asyncpg.Record], purchases: Sequence[asyncpg.Record]) -> list[str]:
    task_of = {str(json.loads(values)["prompt"]): id for id, _, values in tasks}
    known = {remote for _, remote, _ in purchases if remote}
    unknown = {task for task, _, outcome in purchases if outcome == "unknown"}
    twice = [prompt for prompt, number in Counter(job.prompt for job in seen.jobs).items() if number > 1]
    lost = [job for job in seen.jobs if job.id not in known and task_of.get(job.prompt) not in unknown]
    return [
        *_sentence("a partner was paid twice for the same task", twice),
        *_sentence("a partner was paid for what nobody knows of", lost),
        *_sentence("a job was known of that was never bought", sorted(known - {job.id for job in seen.jobs})),
    ]


async def _files(storage: Storage, rows: Sequence[asyncpg.Record]) -> list[str]:
    recorded = {key: size for key, size, role in rows if role != "folder"}
    there = {kept.key: kept.size async for kept in storage.keys("")}
    both = recorded.keys() & there.keys()
    return [
        *_sentence("a record has no file", sorted(recorded.keys() - there.keys())),
        *_sentence("a file has no record", sorted(there.keys() - recorded.keys())),
        *_sentence("a file has another size", sorted(key for key in both if recorded[key] != there[key])),
    ]


def _sentence(wrong: str, offenders: Sequence[object]) -> list[str]:
    if not offenders:
        return []
    named = "; ".join(
        str(tuple(each) if isinstance(each, asyncpg.Record) else each) for each in offenders[:_MOST_NAMED]
    )
    return [f"{wrong} ({len(offenders)} times): {named}"]
