"""How the fire tells a process to end, and what it says of one that does not end as it should."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fire import process
from tests.fire.process import Process
from understudy.testing.live import clean_environment
from understudy.testing.proxy import Proxy


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[Process]:
    (tmp_path / "understudy.toml").write_text("")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    async with Proxy("127.0.0.1", port) as unused:
        made = Process("one", tmp_path, port, unused, clean_environment())
        try:
            await made.start()
            yield made
        finally:
            await made.end()


async def test_one_that_is_just_beginning_is_told_once_it_listens(one: Process) -> None:
    first = one.pid
    one.signal(signal.SIGKILL)
    async with asyncio.timeout(10):
        while one.pid in (0, first):
            await asyncio.sleep(0.01)
    assert await one.stop() == ""
    assert (one.pid, one.starts) == (0, 2)


async def test_one_that_ends_otherwise_is_not_started_again(one: Process) -> None:
    ending = asyncio.create_task(one.stop())
    await asyncio.sleep(0)
    one.signal(signal.SIGKILL)
    assert (await ending).startswith("one ended with -9:")
    assert (one.pid, one.starts) == (0, 1)


async def test_one_that_does_not_end_says_where_it_stands(
    one: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "_STOP_SECONDS", 0.0)
    said = await one.stop()
    assert said.startswith("one did not end within 0 s:")
    assert "Current thread 0x" in said
    assert "asyncio/runners.py" in said
