"""What comes before a request is one, over raw sockets."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
import uvicorn

from understudy.http_protocol import BoundedHttpProtocol


class Quick(BoundedHttpProtocol):
    head_seconds = 0.3


async def hello(scope: Any, receive: Any, send: Any) -> None:
    if scope["path"] == "/slow":
        await asyncio.sleep(0.2)
    while scope["path"] != "/unread" and (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture
async def port() -> AsyncIterator[int]:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(hello, http=Quick, lifespan="off", log_config=None))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    yield listener.getsockname()[1]
    server.should_exit = True
    await serving
    listener.close()


async def exchange(port: int, *pieces: bytes, pause: float = 0.0) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)
        async with asyncio.timeout(5):
            return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


def message(answer: bytes) -> tuple[bytes, str]:
    head, _, body = answer.partition(b"\r\n\r\n")
    return head.split(b"\r\n")[0], json.loads(body)["errors"][0]["message"]


CLOSE = b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n"


async def test_a_request_in_pieces_is_answered(port: int) -> None:
    answer = await exchange(port, CLOSE[:20], CLOSE[20:], b"\r\n", pause=0.02)
    assert answer.endswith(b"\r\n\r\nok")


async def test_large_headers_are_refused_while_they_come(port: int) -> None:
    answer = await exchange(port, CLOSE + b"x-a: ", *[b"a" * 30_000] * 4, pause=0.02)
    assert message(answer) == (
        b"HTTP/1.1 431 Request Header Fields Too Large",
        "The headers of the request are too large.",
    )


async def test_many_headers_are_refused(port: int) -> None:
    lines = b"".join(b"x-%d: %s\r\n" % (number, b"a" * 100) for number in range(300))
    answer = await exchange(port, CLOSE, *[lines] * 4, pause=0.02)
    assert answer.startswith(b"HTTP/1.1 431")


@pytest.mark.parametrize("begun", [b"", b"POST /v1/Task/List HTTP/1.1\r\nHo"])
async def test_headers_that_do_not_arrive(port: int, begun: bytes) -> None:
    assert message(await exchange(port, begun)) == (
        b"HTTP/1.1 408 Request Timeout",
        "The headers of the request did not arrive in time.",
    )


async def test_the_second_request_on_a_connection_is_bounded_too(port: int) -> None:
    first = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"
    answer = await exchange(port, first, b"GET / HTTP/1.1\r\nx-a: ", *[b"a" * 40_000] * 3, pause=0.02)
    assert b"\r\n\r\nok" in answer
    assert b"HTTP/1.1 431" in answer


async def test_a_slow_body_is_not_a_slow_head(port: int) -> None:
    request = b"POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 4\r\n\r\n"
    assert (await exchange(port, request, b"ab", b"cd", pause=0.25)).endswith(b"\r\n\r\nok")


async def test_what_is_no_http_is_refused_in_the_envelope(port: int) -> None:
    assert message(await exchange(port, b"\x16\x03\x01 hello\r\n\r\n")) == (
        b"HTTP/1.1 400 Bad Request",
        "Invalid HTTP request received.",
    )


@pytest.mark.parametrize("hosts", [b"", b"host: a\r\nhost: a\r\n", b"host: a\r\nHost: b\r\n"])
async def test_a_request_names_one_host(port: int, hosts: bytes) -> None:
    assert message(await exchange(port, b"GET / HTTP/1.1\r\n" + hosts + b"\r\n")) == (
        b"HTTP/1.1 400 Bad Request",
        "A request needs one Host header.",
    )


async def test_before_http_1_1_none_was_needed(port: int) -> None:
    assert (await exchange(port, b"GET / HTTP/1.0\r\n\r\n")).endswith(b"\r\n\r\nok")


HANDSHAKE = b" / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n"


@pytest.mark.parametrize(
    "request_",
    [
        b"GET" + HANDSHAKE + b"content-length: 5\r\n\r\n",
        b"GET" + HANDSHAKE + b"transfer-encoding: chunked\r\n\r\n",
        b"POST" + HANDSHAKE + b"content-length: 5\r\n\r\nhello",
    ],
)
async def test_a_websocket_that_begins_with_a_body(port: int, request_: bytes) -> None:
    assert message(await exchange(port, request_)) == (
        b"HTTP/1.1 400 Bad Request",
        "A WebSocket begins with a GET without a body.",
    )


async def test_lines_that_begin_no_request_do_not_keep_a_connection(port: int) -> None:
    request = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"
    assert (await exchange(port, request, b"\r\n", pause=0.05)).endswith(b"\r\n\r\nok")


async def test_nor_does_a_body_whose_request_was_answered_unread(port: int) -> None:
    request = b"POST /unread HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\n"
    assert (await exchange(port, request, b"a", pause=0.05)).endswith(b"\r\n\r\nok")


async def test_a_whole_request_is_answered_whatever_comes_behind_it(port: int) -> None:
    request = b"GET /slow HTTP/1.1\r\nhost: a\r\n\r\n"
    for behind in (
        b"\x16\x03 hello\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HT",
        b"GET / HTTP/1.1\r\nx: " + b"a" * 90_000,
    ):
        answer = await exchange(port, request + behind)
        assert answer.startswith(b"HTTP/1.1 200"), answer
        assert b"\r\n\r\nok" in answer
