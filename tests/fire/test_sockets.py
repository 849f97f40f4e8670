"""Thousands of sockets that watch running tasks on two processes: every event once, in order, and soon."""

import asyncio
import json
import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from websockets.asyncio.client import connect

from tests.fire.site import TALKER, Site, site
from understudy.client.credentials import Credentials
from understudy.client.signing import signed_headers
from understudy.tasks.lifecycle import PATH


class Size(msgspec.Struct, frozen=True, kw_only=True):
    """How many, and what is asked of them. Times in seconds."""

    tasks: int
    sockets: int
    ticks: int
    every: float
    median: float
    late: float
    """The 99th percentile."""
    kilobytes: float
    """Of memory for each socket."""


# Beside other tests, on two cores, the slowest ones show how busy the machine is; the full form is held to the goal.
SHORT = Size(tasks=20, sockets=200, ticks=16, every=0.5, median=0.25, late=1.0, kilobytes=100)
FULL = Size(tasks=200, sockets=2000, ticks=30, every=2.0, median=0.15, late=0.25, kilobytes=100)


async def test_200_sockets_hear_everything_once_and_soon(tmp_path: Path) -> None:
    await watch(SHORT, tmp_path)


@pytest.mark.fire
@pytest.mark.timeout(400)
async def test_2000_sockets_hear_everything_once_and_soon(tmp_path: Path) -> None:
    await watch(FULL, tmp_path)


async def watch(size: Size, folder: Path) -> None:
    """Have so many sockets watch so many tasks, and check what they heard, and when."""
    config = f"engine.talker.replicas = {size.tasks // 2}"
    async with site(folder, config=config, straight=True) as made:
        (keys,) = await made.projects(1)
        go = folder / "go"
        tokens = await _running(made, keys, size, go)
        for api in made.named("api"):
            api.look()
        before = sum(_resident(api.pid) for api in made.named("api"))
        watchers = [
            _Watcher(made.named("api")[number % 2].url, tokens[number % size.tasks])
            for number in range(size.sockets)
        ]
        for some in range(0, size.sockets, 100):
            await asyncio.gather(*(each.open() for each in watchers[some : some + 100]))
        async with asyncio.timeout(60):
            await asyncio.gather(*(each.sees_it_run() for each in watchers))
        each = (sum(_resident(api.pid) for api in made.named("api")) - before) / size.sockets / 1024
        go.touch()
        async with asyncio.timeout(size.ticks * size.every + 120):
            await asyncio.gather(*(each.to_the_end() for each in watchers))
        delays = sorted(delay for watcher in watchers for delay in watcher.delays)
        median, late = delays[len(delays) // 2], delays[int(len(delays) * 0.99)]
        print(
            f"{size.sockets} sockets, {size.tasks} tasks, {len(delays)} lines: median {median * 1000:.0f} ms,"
            f" 99% within {late * 1000:.0f} ms, slowest {delays[-1] * 1000:.0f} ms; {each:.0f} KB for each socket"
        )
        for watcher in watchers:
            assert watcher.ticks == list(range(size.ticks))
            assert watcher.statuses == [status.value for status in PATH if status in watcher.statuses]
            assert watcher.statuses[-1] == "task_postprocess_end"
        assert median < size.median
        assert late < size.late
        assert each < size.kilobytes


class _Watcher:
    """One socket."""

    def __init__(self, url: str, token: str) -> None:
        self._url = f"{url.replace('http', 'ws', 1)}/v1"
        self._token = token
        self.ticks: list[int] = []
        self.delays: list[float] = []
        """Seconds from a line to its arrival."""
        self.statuses: list[str] = []

    async def open(self) -> None:
        self._socket = await connect(self._url, proxy=None, open_timeout=60)
        await self._socket.send(json.dumps({"type": "task_info", "tasktoken": self._token}))

    async def sees_it_run(self) -> None:
        """Returns once it has been told what the task has said so far."""
        while self._heard(json.loads(await self._socket.recv())) != "here":
            pass

    async def to_the_end(self) -> None:
        async for text in self._socket:
            self._heard(json.loads(text), time.time())

    def _heard(self, message: dict[str, Any], at: float = 0.0) -> str:
        said = message["message"]
        if message["type"] == "task_output" and isinstance(said, str):
            if said.startswith("tick "):
                _, number, told = said.split()
                self.ticks.append(int(number))
                self.delays.append(at - float(told))
            return said
        if message["type"] != "task_output_full":
            self.statuses.append(message["type"])
        elif self.statuses[-1] != "task_output":
            self.statuses.append("a log after the end")
        return ""


async def _running(made: Site, keys: Credentials, size: Size, go: Path) -> Sequence[str]:
    """The tokens of tasks that all run."""
    tokens = []
    url = made.named("api")[0].url
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=30) as client:

        async def post(path: str, **body: object) -> dict[str, Any]:
            answer = await client.post(f"/v1/{path}", json=body, headers=signed_headers(keys, time.time()))
            found: dict[str, Any] = answer.json()
            assert found["result"], found
            return found

        for number in range(size.tasks):
            first = size.every * number / size.tasks
            # All have said everything before the first clip is looked at: what that costs is not what is measured.
            rest = 2 * size.every - first
            prompt = {"go": str(go), "ticks": size.ticks, "every": size.every, "first": first, "rest": rest}
            tokens.append((await post(f"Run/{TALKER}", prompt=json.dumps(prompt)))["socketaccesstoken"])
        async with asyncio.timeout(180):
            while int((await post("Task/List", status="task_output", limit="1"))["total"]) < size.tasks:
                await asyncio.sleep(0.5)
    return tokens


def _resident(pid: int) -> int:
    seen = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert seen is not None
    return 1024 * int(seen[1])
