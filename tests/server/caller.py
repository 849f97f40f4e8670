"""A project that calls a server over HTTP, with nothing but signatures between it and the wire."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from websockets.sync.client import ClientConnection, connect

from tests.server.patience import until
from understudy.client.credentials import Credentials
from understudy.client.signing import signed_headers
from understudy.testing.live import Live, clean_environment

SORA = "openai/sora-2-pro"
TERMINAL = {"task_postprocess_end", "task_cancel", "task_error"}


class Caller:
    """`keys` as `credentials.json` and `projects create --json` give them."""

    def __init__(self, url: str, keys: dict[str, Any]) -> None:
        auth = keys["auth"]
        self.credentials = Credentials(
            url=url, api_key=keys["api_key"], api_secret=keys.get("api_secret", ""), auth=auth
        )
        self.http = httpx.Client(base_url=url, timeout=20, trust_env=False)

    def headers(self) -> dict[str, str]:
        return signed_headers(self.credentials, time.time())

    def ask(self, path: str, **more: Any) -> httpx.Response:
        headers = self.headers() | more.pop("headers", {})
        return self.http.post(f"/v1/{path}", headers=headers, **more)

    def post(self, path: str, **fields: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.ask(path, json=fields).json()
        return answer

    def run(self, prompt: str = "A road.", model: str = SORA, **fields: Any) -> tuple[str, str]:
        """A new task's id and token."""
        answer = self.post(f"Run/{model}", prompt=prompt, **fields)
        assert answer["result"], answer
        return answer["taskid"], answer["socketaccesstoken"]

    def task(self, id: str) -> dict[str, Any]:
        answer = self.post("Task/Detail", taskid=id)
        assert answer["result"], answer
        task: dict[str, Any] = answer["tasklist"][0]
        return task

    def reached(self, id: str, *statuses: str) -> dict[str, Any]:
        def there() -> dict[str, Any] | None:
            task = self.task(id)
            if task["status"] in statuses:
                return task
            assert task["status"] not in TERMINAL, task
            return None

        found = until(there)
        assert found is not None
        return found

    def end_of(self, id: str) -> dict[str, Any]:
        return self.reached(id, *TERMINAL)

    def total(self) -> int:
        """How many tasks the project has."""
        return int(self.post("Task/List", limit="1")["total"])


@contextmanager
def caller(server: Live, keys: dict[str, Any] | None = None) -> Iterator[Caller]:
    """By default the project whose keys are in the data folder."""
    calling = Caller(server.url, keys or server.credentials)
    with calling.http:
        yield calling


@contextmanager
def socket(server: Live, *tokens: str) -> Iterator[ClientConnection]:
    """A socket that watches these tasks."""
    with connect(f"{server.url.replace('http', 'ws', 1)}/v1", proxy=None, open_timeout=10) as connection:
        for token in tokens:
            connection.send(json.dumps({"type": "task_info", "tasktoken": token}))
        yield connection


def understudy(*arguments: str, data: Path) -> Any:
    """What a command prints with --json, run in a process of its own."""
    done = command(*arguments, "--json", "--data", str(data))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def command(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "understudy", *arguments],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env=clean_environment(),
    )
