"""The end of processes to whom nobody answers any more: in time, and nothing of it is lost."""

import asyncio
import json
import signal
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from tests import postgres
from tests.executors.processes import alive
from tests.fire.objects import Objects, environment
from tests.server.caller import SORA, Caller
from tests.server.installation import Installation, installation
from tests.server.patience import until
from tests.server.processes import descendants
from understudy.server import STOP_SECONDS
from understudy.testing.proxy import Proxy

CONFIG = """
server.allow_addresses = ["127.0.0.1"]
server.drain_seconds = 0
tasks.lease_seconds = 2
engine.trouble.replicas = 3
limits.requests_per_second = 0
"""
WORK = "[print 3000][sleep 1.5]"
SLACK = 3.0
"""Seconds for the last words, and for what else this machine does."""


class Reached(msgspec.Struct, frozen=True):
    """An installation, and the ways by which its processes reach what they need."""

    installation: Installation
    to_database: Proxy
    to_objects: Proxy


@pytest.fixture
async def reached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Reached]:
    server = postgres.server()
    database = await server.new_database()
    objects = await asyncio.to_thread(Objects)
    try:
        async with (
            Proxy("127.0.0.1", server.port) as to_database,
            Proxy("127.0.0.1", objects.port) as to_objects,
        ):
            for name, value in environment(to_objects.port).items():
                monkeypatch.setenv(name, value)
            way = database.replace(f":{server.port}/", f":{to_database.port}/")
            with installation(
                tmp_path, way, config=CONFIG, answering=0, dispatching=0, storage=objects.storage
            ) as made:
                yield Reached(made, to_database, to_objects)
    finally:
        objects.end()


async def test_nobody_has_to_answer(reached: Reached) -> None:
    made, roles = reached.installation, {"api1": "api", "dispatcher1": "dispatcher", "both": "all"}
    await asyncio.gather(*(asyncio.to_thread(made.add, name, role) for name, role in roles.items()))
    stopping = dict(made.processes)
    with silence() as hook:
        ids, tokens = await asyncio.to_thread(busy, made.caller("api1"), hook)
        with unpleasant(made.caller("api1"), tokens), unpleasant(made.caller("both"), tokens):
            started = {each for live in stopping.values() for each in descendants(live.process.pid)}
            assert len(started) >= 6
            reached.to_database.stall()
            reached.to_objects.stall()
            began = time.monotonic()
            for live in stopping.values():
                live.process.send_signal(signal.SIGTERM)
            codes = await asyncio.gather(
                *(asyncio.to_thread(live.process.wait, 2 * STOP_SECONDS) for live in stopping.values())
            )
            assert time.monotonic() - began < STOP_SECONDS + SLACK
    for code, live in zip(codes, stopping.values(), strict=True):
        assert (code, "did not stop within 20 s" in live.log) in {(0, False), (1, True)}, live.log
    until(lambda: not any(map(alive, started)), 5)
    await reached.to_database.forward()
    await reached.to_objects.forward()
    await asyncio.to_thread(made.add, "api2", "api")
    await asyncio.to_thread(made.add, "dispatcher2", "dispatcher")
    again = made.caller("api2")
    ends = [await asyncio.to_thread(again.end_of, id) for id in ids]
    assert [end["pexit"] for end in ends] == ["0"] * len(ids)


def busy(me: Caller, hook: str) -> tuple[list[str], list[str]]:
    """More tasks than there is room for, some of which run; ids and tokens."""
    done = [me.run("[say done]", callbackUrl=hook)[0] for _ in range(2)]
    for id in done:
        me.end_of(id)
    made = [me.run(WORK) for _ in range(6)] + [me.run("[say later]") for _ in range(4)]
    until(lambda: sum(me.task(id)["status"] == "task_output" for id, _ in made) >= 3)
    return [*done, *(id for id, _ in made)], [token for _, token in made]


@contextmanager
def silence() -> Iterator[str]:
    """The address of a receiver that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/hook"


@contextmanager
def unpleasant(me: Caller, tokens: list[str]) -> Iterator[None]:
    """One that watches tasks and never reads, and one in the middle of an upload."""
    with connected(me) as watching, connected(me) as sending:
        watching.sendall(
            b"GET /v1 HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
            b"sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        for token in tokens:
            watching.sendall(frame(json.dumps({"type": "task_info", "tasktoken": token}).encode()))
        headers = me.headers() | {"content-type": "application/json", "content-length": "1000"}
        lines = [
            f"POST /v1/Run/{SORA} HTTP/1.1",
            "host: x",
            *(f"{name}: {text}" for name, text in headers.items()),
        ]
        sending.sendall(("\r\n".join(lines) + '\r\n\r\n{"prompt": "').encode())
        yield


@contextmanager
def connected(me: Caller) -> Iterator[socket.socket]:
    host, port = me.http.base_url.host, me.http.base_url.port
    with socket.socket() as made:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        made.connect((host, port))
        yield made


def frame(text: bytes) -> bytes:
    """A client's text message (RFC 6455, 5.2) of less than 126 bytes, masked with zeros."""
    return bytes([0x81, 0x80 | len(text)]) + bytes(4) + text
