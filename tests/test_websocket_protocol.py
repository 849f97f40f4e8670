"""What comes over a socket and is no message, at the server's own settings."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.frames import Frame, Opcode

from understudy.http_server import HttpServer, http_config, listening
from understudy.websocket_protocol import LONGEST_MESSAGE


async def echo(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        # What was sent before the connection was ended is still received.
        with suppress(RuntimeError):
            await send({"type": "websocket.send", "text": str(len(message.get("text") or message["bytes"]))})


@pytest.fixture
async def port() -> AsyncIterator[int]:
    server = HttpServer(http_config(echo))
    with listening("127.0.0.1", 0) as listener:
        task = asyncio.create_task(server.serve(sockets=[listener]))
        await server.answers(task)
        yield listener.getsockname()[1]
        server.should_exit = True
        await task


async def closed_with(port: int, *frames: Frame) -> int | None:
    """The code with which the server closes."""
    async with connect(f"ws://127.0.0.1:{port}/", proxy=None) as client:
        client.transport.write(b"".join(frame.serialize(mask=True) for frame in frames))
        async with asyncio.timeout(5):
            await client.wait_closed()
        return client.close_code


NO_TEXT = Frame(Opcode.TEXT, b"\xff")


@pytest.mark.parametrize(
    "frames",
    [
        (NO_TEXT,),
        (Frame(Opcode.TEXT, b"a"), NO_TEXT, NO_TEXT),
        (Frame(Opcode.TEXT, b"\xe2", fin=False), Frame(Opcode.CONT, b"\x82\xff")),
    ],
)
async def test_text_that_is_none_is_the_clients_mistake(
    port: int, frames: tuple[Frame, ...], caplog: pytest.LogCaptureFixture
) -> None:
    assert await closed_with(port, *frames) == 1007
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_text_that_is_none_before_an_orderly_end(port: int, caplog: pytest.LogCaptureFixture) -> None:
    assert await closed_with(port, NO_TEXT, Frame(Opcode.CLOSE, b"\x03\xe8")) in (1000, 1007)
    assert not caplog.records


async def test_text_in_pieces(port: int) -> None:
    async with connect(f"ws://127.0.0.1:{port}/", proxy=None) as client:
        await client.send(["\u20ac", "uro"])
        assert await client.recv() == "4"


async def test_messages_have_a_limit_before_they_are_whole(port: int) -> None:
    async with connect(f"ws://127.0.0.1:{port}/", proxy=None) as client:
        await client.send("x" * LONGEST_MESSAGE)
        assert await client.recv() == str(LONGEST_MESSAGE)
    too_long = Frame(Opcode.TEXT, b"x" * (LONGEST_MESSAGE + 1))
    assert await closed_with(port, too_long) == 1009
