"""A server as it looks after a day of work, for pictures of it: projects, people, clips, and what charts are drawn from."""

import json
import math
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from understudy.catalogue.loader import load_catalogue
from understudy.client import Client
from understudy.testing.live import Live, clean_environment, start

PERSON, PASSWORD = "Ada Lovelace", "correct horse battery"
CONFIG = """
cast."chetwinlow1/ovi" = ["ovi", "animatic"]
engine.animatic.replicas = 1
"""
MINUTE, HOUR = 60, 3600
DOLLAR = 10**12
"""Of what the store counts in."""
_TIMES = (
    "created",
    "accepted",
    "preprocess_started",
    "preprocess_ended",
    "assigned",
    "started",
    "ended",
    "postprocess_started",
    "postprocess_ended",
)


@contextmanager
def busy_server(folder: Path) -> Iterator[Live]:
    """The server; its first project is `PERSON`'s to work in."""
    server = start(folder, engine="animatic", config=CONFIG)
    try:
        _understudy(server, "users", "create", PERSON, given=f"{PASSWORD}\n")
        _understudy(server, "projects", "rename", "1", "Harbour")
        others = [_project(server, name) for name in ("Title sequences", "Storyboards")]
        for owner, model, inputs in _work():
            with client(server, others[owner - 1] if owner else None) as asking:
                task = asking.wait(asking.submit(model, inputs), check=False)
            print(f"{task.id}: {model}, {task.status}")
        server.stop()
        with closing(sqlite3.connect(server.data / "understudy.db")) as database, database:
            _as_if_it_had_taken_a_day(database, time.time())
        server = start(folder, engine="animatic", config=CONFIG)
        yield server
        server.stop()
    finally:
        server.sigkill()


def client(server: Live, keys: dict[str, Any] | None = None) -> Client:
    """The first project, or who has these keys."""
    if keys is None:
        return Client(data=server.data, environ={})
    return Client(url=server.url, api_key=keys["api_key"], environ={})


def presets(model: str) -> list[dict[str, str]]:
    """The examples of a model, with a seed, so that the clips are the same each time."""
    found = load_catalogue().find(*model.split("/"))
    assert found is not None
    return [{**each, "seed": "7"} if found.input("seed") else dict(each) for each in found.inspires]


def _work() -> Iterator[tuple[int, str, dict[str, str]]]:
    """Whose it is (0: the first project's), the model, and its inputs."""
    sora, veo = presets("openai/sora-2-pro"), presets("google/veo3-1")
    yield 1, "openai/sora-2-pro", sora[1]
    yield 0, "google/veo3-1", veo[0] | {"durationSeconds": "4"}
    yield 0, "openai/sora-2-pro", sora[3]
    yield 2, "google/veo3-1", veo[3] | {"durationSeconds": "4"}
    yield 0, "google/veo3-1", veo[2] | {"durationSeconds": "4"}
    yield 0, "openai/sora-2-pro", sora[0]
    yield (
        0,
        "google/veo3-1",
        {"prompt": veo[2]["prompt"], "inputImage": "https://assets.invalid/board-12.png"},
    )
    yield 1, "google/veo3-1", veo[5] | {"durationSeconds": "4"}
    yield 0, "google/veo3-1", veo[4] | {"durationSeconds": "4"}
    yield 0, "openai/sora-2-pro", sora[4]
    yield 0, "openai/sora-2-pro", sora[3] | {"inputImage": ""}
    yield 0, "google/veo3-1", veo[5] | {"durationSeconds": "4"}


def _understudy(server: Live, *words: str, given: str = "") -> str:
    done = subprocess.run(
        [sys.executable, "-m", "understudy", *words, "--data", str(server.data)],
        input=given,
        capture_output=True,
        text=True,
        env=clean_environment(),
        check=True,
    )
    return done.stdout


def _project(server: Live, name: str) -> dict[str, Any]:
    keys: dict[str, Any] = json.loads(
        _understudy(server, "projects", "create", name, "--auth", "key", "--json")
    )
    return keys


def _as_if_it_had_taken_a_day(database: sqlite3.Connection, now: float) -> None:
    """Moves what was made back in time, and fills in what charts show of the day before."""
    (last,) = database.execute("SELECT max(id) FROM tasks").fetchone()
    for (id,) in database.execute("SELECT id FROM tasks").fetchall():
        back = 4 * MINUTE + (last - id) * 37 * MINUTE
        moved = ", ".join(f"{name} = iif({name} > 0, {name} - {back}, 0)" for name in _TIMES)
        database.execute(f"UPDATE tasks SET {moved} WHERE id = ?", (id,))
    chance = random.Random(7)
    begin = now // MINUTE * MINUTE - 24 * HOUR
    succeeded = failed = 0
    rows, spent = [], {}
    for minute in range(24 * 60):
        at = begin + minute * MINUTE
        # Busy by day and idle by night, whatever the time is now: the latest hours are by day.
        busy = max(0.0, math.sin((minute / 60 - 10) / 14 * math.pi)) if minute > 600 else 0.08
        clips = sum(chance.random() < busy / 3 for _ in range(3))
        succeeded += clips
        failed += chance.random() < busy / 70
        hour = int(at // HOUR)
        spent[hour] = spent.get(hour, 0.0) + clips * chance.choice((1.2, 1.6, 2.4))
        queued = max(0, round(busy * 4 + 3 * math.sin(minute / 19) * busy + chance.uniform(-1.2, 1.2)))
        running = min(1, round(busy * 1.2 + chance.uniform(-0.3, 0.3)))
        oldest = queued * chance.uniform(6, 11)
        rows.append(
            (at, queued, oldest, max(0, running), 1, round((310 + 160 * running) * 1e6), succeeded, failed, 0)
        )
    database.execute("DELETE FROM samples")
    database.executemany("INSERT INTO samples VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
    models = database.execute("SELECT count(*) FROM model_statistics").fetchone()[0]
    database.execute(
        "UPDATE model_statistics SET elapsed = elapsed / max(1, successes) * ?1, runs = ?1 + ?2, successes = ?1, errors = ?2",
        (succeeded // models, failed // models),
    )
    database.execute("DELETE FROM spending")
    database.executemany(
        "INSERT INTO spending VALUES (?, ?, ?)",
        [(1, hour, round(amount * DOLLAR)) for hour, amount in spent.items()],
    )
