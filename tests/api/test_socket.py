"""The socket over a real connection: events in order, errors in words, and when it closes."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Frame, Opcode

from tests.api.live import listening
from tests.api.served import BASE, NOW, Served, serving
from tests.api.test_task import finished
from understudy.tasks import lifecycle
from understudy.tasks.events import ERROR, OUTPUT, OUTPUT_FULL, Event
from understudy.tasks.lifecycle import Status

QUICK = {"socket_grace_seconds": 0.05, "socket_idle_seconds": 0.5, "socket_tokens": 3}


@pytest.fixture
async def quick(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Served, int]]:
    folder = tmp_path_factory.mktemp("socket")
    async with serving(folder, limits=QUICK) as served, listening(served) as port:
        yield served, port


@asynccontextmanager
async def watching(port: int, *tokens: str, path: str = "/v1") -> AsyncIterator[ClientConnection]:
    async with connect(f"ws://127.0.0.1:{port}{path}", proxy=None) as socket:
        for token in tokens:
            await socket.send(json.dumps({"type": "task_info", "tasktoken": token}))
        yield socket


async def heard(socket: ClientConnection) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(await asyncio.wait_for(socket.recv(), 5))
    return message


async def close_code(socket: ClientConnection) -> int | None:
    """How the server closes, once it has said everything."""
    await asyncio.wait_for(anext(_rest(socket), None), 5)
    return socket.close_code


async def _rest(socket: ClientConnection) -> AsyncIterator[None]:
    with suppress(ConnectionClosed):
        async for _ in socket:
            pass
    yield


@pytest.mark.parametrize("path", ["/v1", "/v1/", "/V1"])
async def test_the_state_first_then_what_follows_then_the_end(quick: tuple[Served, int], path: str) -> None:
    served, port = quick
    id, token = await served.run()
    async with watching(port, token, path=path) as socket:
        assert await heard(socket) == {
            "type": "task_queue",
            "id": id,
            "tasktoken": token,
            "message": None,
            "result": True,
        }
        publish = served.parts.events.publish
        publish(int(id), Event(Status.START.value, status=True))
        progress = {"type": "progressGenerate", "percentage": "60"}
        for event in (
            Event(OUTPUT, "a line"),
            Event(OUTPUT, progress),
            Event(ERROR, "careful"),
            Event(OUTPUT_FULL, {"raw": "a line"}),
        ):
            publish(int(id), event)
        _, clip = await finished(served, id)
        publish(int(id), Event(Status.POSTPROCESS_END.value, status=True))
        events = [await heard(socket) for _ in range(6)]
        assert [(each["type"], each["message"]) for each in events[:5]] == [
            ("task_start", None),
            ("task_output", "a line"),
            ("task_output", progress),
            ("task_error", "careful"),
            ("task_output_full", {"raw": "a line"}),
        ]
        assert events[5]["type"] == "task_postprocess_end"
        [output] = events[5]["message"]
        assert output["url"] == f"{BASE}/{clip.address}/0.mp4"
        assert await close_code(socket) == 1000


async def test_a_late_subscriber_hears_the_end_at_once(quick: tuple[Served, int]) -> None:
    served, port = quick
    id, token = await served.run()
    await finished(served, id)
    async with watching(port, token) as socket:
        event = await heard(socket)
        assert (event["type"], event["message"][0]["name"]) == ("task_postprocess_end", "0.mp4")
        assert await close_code(socket) == 1000


async def test_a_killed_task_with_its_reason(quick: tuple[Served, int]) -> None:
    served, port = quick
    id, token = await served.run()
    await served.parts.store.apply(int(id), lifecycle.kill(NOW, "by the operator"))
    async with watching(port, token) as socket:
        event = await heard(socket)
        assert (event["type"], event["message"]) == ("task_cancel", "by the operator")


async def test_several_tasks_on_one_socket_closed_after_the_last(quick: tuple[Served, int]) -> None:
    served, port = quick
    tasks = [await served.run() for _ in range(2)]
    async with watching(port, *(token for _, token in tasks)) as socket:
        assert {(await heard(socket))["id"] for _ in tasks} == {id for id, _ in tasks}
        for id, _ in tasks:
            await served.post("/v1/Task/Kill", {"taskid": id})
            event = await heard(socket)
            assert (event["type"], event["id"]) == ("task_cancel", id)
        assert await close_code(socket) == 1000
    assert len(served.parts.events) <= len(tasks)


async def test_an_unknown_token(quick: tuple[Served, int]) -> None:
    _, port = quick
    async with watching(port, "nobody's") as socket:
        assert await heard(socket) == {
            "type": "error",
            "tasktoken": "nobody's",
            "message": "There is no task yet.",
            "result": False,
        }


@pytest.mark.parametrize(
    "message",
    [
        "",
        "hello",
        "[]",
        "null",
        "{}",
        '{"type": "other", "tasktoken": "x"}',
        '{"type": "task_info"}',
        '{"type": "task_info", "tasktoken": 7}',
        '{"type": "task_info", "tasktoken": null}',
        "[" * 50_000,
        "x" * 70_000,
        b"\xff\xfe",
        '{"type": "task_info", "tasktoken": "\\ud800"}',
    ],
)
async def test_messages_that_mean_nothing(quick: tuple[Served, int], message: str | bytes) -> None:
    served, port = quick
    _, token = await served.run()
    async with watching(port) as socket:
        await socket.send(message)
        error = await heard(socket)
        assert (error["type"], error["result"]) == ("error", False)
        await socket.send(json.dumps({"type": "task_info", "socketaccesstoken": token}))
        assert (await heard(socket))["type"] == "task_queue"


async def test_a_client_that_is_cut_off_while_it_is_answered(
    quick: tuple[Served, int], caplog: pytest.LogCaptureFixture
) -> None:
    """The server ends the connection for what came over it: nothing went wrong here."""
    _, port = quick
    async with watching(port) as socket:
        nonsense = Frame(Opcode.TEXT, b"hello").serialize(mask=True)
        socket.transport.write(nonsense * 5 + b"\xff\xff")
        assert await close_code(socket) == 1002
    await asyncio.sleep(0.05)
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_it_is_bounded(quick: tuple[Served, int]) -> None:
    served, port = quick
    tokens = [(await served.run())[1] for _ in range(4)]
    async with watching(port, *tokens) as socket:
        events = [await heard(socket) for _ in range(4)]
        [error] = [event for event in events if not event["result"]]
        assert error["message"] == "One socket watches at most 3 tasks at a time."
    async with watching(port, *(f"x{n}" for n in range(200))) as socket:
        assert await close_code(socket) == 1008


async def test_a_silent_socket_is_closed(quick: tuple[Served, int]) -> None:
    _, port = quick
    async with watching(port) as socket:
        assert await close_code(socket) == 1000


async def test_a_watching_socket_is_not(quick: tuple[Served, int]) -> None:
    served, port = quick
    _, token = await served.run()
    async with watching(port, token, token) as socket:
        await heard(socket)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(socket.recv(), 0.7)


async def test_nobody_watches_after_a_client_has_gone(quick: tuple[Served, int]) -> None:
    served, port = quick
    _, token = await served.run()
    async with watching(port, token) as socket:
        await heard(socket)
        assert len(served.parts.events) == 1
    async with asyncio.timeout(5):
        while len(served.parts.events):
            await asyncio.sleep(0.01)


async def test_other_paths_have_no_socket(quick: tuple[Served, int]) -> None:
    _, port = quick
    with pytest.raises(InvalidStatus):
        async with watching(port, path="/v2"):
            pass
