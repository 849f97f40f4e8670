"""SIGKILL of the server at 20 random moments under load: nothing accepted is lost, nothing is doubled."""

import json
import os
import random
import socket
import sqlite3
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from tests.server.patience import until
from understudy.client.credentials import Credentials
from understudy.client.signing import signed_headers
from understudy.testing.live import Live, start

KILLS = 20
PROMPTS = {
    "A road.": 45,
    "[say a][sleep 0.05]": 40,
    "[say b][sleep 0.4]": 5,
    "[raise it broke]": 10,
}
TERMINAL = {"task_postprocess_end", "task_cancel", "task_error"}


class Receiver(ThreadingHTTPServer):
    """Takes webhooks; refuses every fifth."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.heard: list[tuple[str, str]] = []
        """Message id and task id."""
        self.asked = 0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hook"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        length = int(self.headers["content-length"])
        text = self.rfile.read(length)
        if len(text) < length:
            return  # the server was killed while it was sending
        body = json.loads(text)
        self.server.asked += 1
        refused = self.server.asked % 5 == 0
        if not refused:
            self.server.heard.append((self.headers["webhook-id"], body["tasklist"][0]["id"]))
        self.send_response(503 if refused else 204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return


class Load(threading.Thread):
    """Submits, kills and cancels, through every crash; remembers what was accepted."""

    def __init__(self, url: str, credentials: dict[str, str], hook: str, seed: int) -> None:
        super().__init__(daemon=True)
        self.accepted: list[str] = []
        self.failures: list[dict[str, object]] = []
        self.over = threading.Event()
        self._random = random.Random(seed)
        self._url = url
        self._credentials = Credentials(**{**credentials, "url": url})  # type: ignore[arg-type]
        self._hook = hook

    def run(self) -> None:
        with httpx.Client(base_url=self._url, timeout=5, trust_env=False) as client:
            while not self.over.is_set():
                try:
                    self._step(client)
                except httpx.HTTPError:
                    time.sleep(0.02)

    def _step(self, client: httpx.Client) -> None:
        (prompt,) = self._random.choices(list(PROMPTS), list(PROMPTS.values()))
        body = {"prompt": prompt, "callbackUrl": self._hook}
        answer = self._post(client, "/v1/Run/openai/sora-2-pro", body)
        if not answer["result"]:
            self.failures.append(answer)
            return
        self.accepted.append(answer["taskid"])
        if self._random.random() < 0.2:
            verb = self._random.choice(["Kill", "Cancel"])
            self._post(client, f"/v1/Task/{verb}", {"taskid": self._random.choice(self.accepted)})
        time.sleep(self._random.random() * 0.06)

    def _post(self, client: httpx.Client, path: str, body: dict[str, str]) -> dict[str, object]:
        headers = signed_headers(self._credentials, time.time())
        return client.post(path, json=body, headers=headers).json()


@pytest.mark.timeout(400)  # 20 starts of a server, and everything that was accepted is run to its end
def test_nothing_is_lost_and_nothing_is_doubled(tmp_path: Path) -> None:
    seed = int(os.environ.get("UNDERSTUDY_FIRE_SEED", random.randrange(10**6)))
    print(f"UNDERSTUDY_FIRE_SEED={seed}")
    chance = random.Random(seed)
    receiver = Receiver()
    port = free_port()
    config = 'server.allow_addresses = ["127.0.0.1"]\nengine.trouble.replicas = 2'

    def begin() -> Live:
        return start(tmp_path, engine="trouble", config=config, port=port)

    server = begin()
    loads = [Load(server.url, server.credentials, receiver.url, seed + n) for n in range(3)]
    for load in loads:
        load.start()
    began = time.monotonic()
    for _ in range(KILLS):
        time.sleep(chance.uniform(0.05, 0.9))
        server.sigkill()
        server = begin()
    print(f"kills over after {time.monotonic() - began:.1f} s")
    time.sleep(0.5)
    for load in loads:
        load.over.set()
        load.join()
    database = sqlite3.connect(f"file:{server.data / 'understudy.db'}?mode=ro", uri=True)
    try:
        until(lambda: waiting(database) == 0, 240)
        print(f"all ended after {time.monotonic() - began:.1f} s")
        assert server.stop() == 0
        check(database, loads, receiver, server.data)
    finally:
        server.sigkill()
        database.close()
        receiver.shutdown()
        receiver.server_close()


def waiting(database: sqlite3.Connection) -> int:
    (tasks,) = database.execute(
        f"SELECT count(*) FROM tasks WHERE status NOT IN ({', '.join(repr(each) for each in sorted(TERMINAL))})"
    ).fetchone()
    (webhooks,) = database.execute("SELECT count(*) FROM webhooks WHERE state = 'waiting'").fetchone()
    return tasks + webhooks


def check(database: sqlite3.Connection, loads: list[Load], receiver: Receiver, data: Path) -> None:
    accepted = {id for load in loads for id in load.accepted}
    print(f"{len(accepted)} tasks were accepted, {len(receiver.heard)} webhooks heard")
    assert [load.failures for load in loads] == [[], [], []]
    assert len(accepted) > 200, "there was no load"
    rows = database.execute("SELECT id, status, pexit, cost, attempts FROM tasks").fetchall()
    tasks = {str(id): (status, pexit, cost) for id, status, pexit, cost, _ in rows}
    assert accepted <= set(tasks)
    assert {status for status, _, _ in tasks.values()} <= TERMINAL
    done = {
        id for id, (status, pexit, _) in tasks.items() if status == "task_postprocess_end" and pexit == "0"
    }
    assert done, "nothing was ever made"

    outputs = Counter(
        str(task) for (task,) in database.execute("SELECT task FROM files WHERE role = 'output'")
    )
    assert outputs == Counter(dict.fromkeys(done, 1))
    charged = Counter(str(task) for (task,) in database.execute("SELECT task FROM ledger WHERE task <> 0"))
    assert charged == Counter(dict.fromkeys(done, 1))
    assert {cost for id, (_, _, cost) in tasks.items() if id not in done} == {"0"}

    messages = Counter(str(task) for (task,) in database.execute("SELECT task FROM webhooks"))
    assert messages == Counter(dict.fromkeys(tasks, 1))
    assert {task for _, task in receiver.heard} == set(tasks)
    ids = {task: {message for message, each in receiver.heard if each == task} for task in tasks}
    assert {len(each) for each in ids.values()} == {1}

    kept = {key for (key,) in database.execute("SELECT key FROM files")}
    there = {str(path.relative_to(data / "files")) for path in (data / "files").rglob("*") if path.is_file()}
    assert there == kept, "files without a record, or records without a file"
    assert not list((data / "runs").iterdir())
    assert not list((data / "incoming").iterdir())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
