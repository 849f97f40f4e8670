"""Bodies on a real connection: refused while they stream, broken off, slow."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.api.live import Raw, connected, listening
from tests.api.served import SORA, Served, picture, serving

LIMITS = {
    "json_bytes": 10_000,
    "upload_bytes": 20_000,
    "request_bytes": 50_000,
    "idle_seconds": 0.3,
    "linger_seconds": 0.5,
}
TOO_LARGE = "The request is too large."
MULTIPART = {"content-type": "multipart/form-data; boundary=b"}
FILE = b'--b\r\nContent-Disposition: form-data; name="inputImage"; filename="a.png"\r\n\r\n' + picture()


@pytest.fixture
async def small(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Served, int]]:
    folder = tmp_path_factory.mktemp("stream")
    async with serving(folder, limits=LIMITS) as served, listening(served) as port:
        yield served, port


async def untouched(served: Served) -> None:
    """No task, and, as soon as the server has noticed, no file."""
    async with asyncio.timeout(5):
        while served.left_behind():
            await asyncio.sleep(0.01)
    assert await served.tasks() == []


async def message(raw: Raw) -> tuple[int, str]:
    status, body, _ = await raw.answer()
    return status, body["errors"][0]["message"]


@pytest.mark.parametrize("headers", [{}, MULTIPART])
async def test_a_declared_size_over_the_limit_is_refused_unread(
    small: tuple[Served, int], headers: dict[str, str]
) -> None:
    served, port = small
    async with connected(port) as raw:
        raw.start(SORA, served.headers() | headers | {"content-length": "9000000000000"})
        assert await message(raw) == (413, TOO_LARGE)
    await untouched(served)


@pytest.mark.parametrize(
    ("headers", "first"),
    [({}, b'{"prompt": "'), (MULTIPART, FILE), ({"content-type": "multipart/form-data"}, b"{")],
)
async def test_an_endless_body_is_refused_while_it_streams(
    small: tuple[Served, int], headers: dict[str, str], first: bytes
) -> None:
    served, port = small
    sent = 0
    async with connected(port) as raw:
        raw.start(SORA, served.headers() | headers | {"transfer-encoding": "chunked"})
        piece = b"x" * 1000
        raw.writer.write(b"%x\r\n%b\r\n" % (len(first), first))
        answer = asyncio.create_task(message(raw))
        while not answer.done():
            raw.writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            await raw.writer.drain()
            sent += len(piece)
            await asyncio.sleep(0.001)
        assert await answer == (413, TOO_LARGE)
    assert sent < 2_000_000
    await untouched(served)


@pytest.mark.parametrize(("headers", "first"), [({}, b'{"prompt": "x"'), (MULTIPART, FILE)])
async def test_a_client_that_hangs_up(
    small: tuple[Served, int], headers: dict[str, str], first: bytes
) -> None:
    served, port = small
    async with connected(port) as raw:
        raw.start(SORA, served.headers() | headers | {"content-length": "9000"})
        raw.writer.write(first)
        await raw.writer.drain()
        await asyncio.sleep(0.05)
    await untouched(served)


@pytest.mark.parametrize(("headers", "first"), [({}, b'{"prompt'), ({}, b""), (MULTIPART, FILE)])
async def test_a_body_that_stops_arriving(
    small: tuple[Served, int], headers: dict[str, str], first: bytes
) -> None:
    served, port = small
    async with connected(port) as raw:
        raw.start(SORA, served.headers() | headers | {"content-length": "9000"})
        raw.writer.write(first)
        status, body, answered = await raw.answer()
        assert (status, answered["connection"]) == (200, "close")
        assert body["errors"][1]["message"] == "The body did not arrive in time."
        assert await raw.reader.read() == b""
    await untouched(served)


async def test_a_body_that_trickles_in_is_read(small: tuple[Served, int]) -> None:
    served, port = small
    body = b'{"prompt": "x"}'
    async with connected(port) as raw:
        raw.start(SORA, served.headers() | {"content-length": str(len(body))})
        for byte in body:
            raw.writer.write(bytes([byte]))
            await asyncio.sleep(0.03)
        status, answer, _ = await raw.answer()
    assert (status, answer["result"]) == (200, True)


async def test_one_connection_carries_many_requests_refused_ones_too(small: tuple[Served, int]) -> None:
    served, port = small
    async with connected(port) as raw:
        for body in (b"{}", b'{"taskid": "1"', b"[]", b'{"taskid": 1}'):
            raw.start("/v1/Task/Detail", served.headers() | {"content-length": str(len(body))})
            raw.writer.write(body)
            assert (await raw.answer())[0] == 200
        raw.start("/v1/Task/Detail", {"content-length": "2"})
        raw.writer.write(b"{}")
        assert (await message(raw))[0] == 401
        raw.start("/v1/Task/Detail", served.headers() | {"content-length": "2"})
        raw.writer.write(b"{}")
        assert (await message(raw))[0] == 200


@pytest.mark.parametrize(
    "head",
    [
        b"POST /v1/Task/Detail\x00 HTTP/1.1\r\n\r\n",
        b"POST\r\n\r\n",
        b"\x16\x03\x01\x02\x00",
        b"POST / HTTP/1.1\r\ncontent-length: x\r\n\r\n",
        b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    ],
)
async def test_what_is_not_http_does_not_hurt(small: tuple[Served, int], head: bytes) -> None:
    served, port = small
    async with connected(port) as raw:
        raw.writer.write(head)
        answer = await asyncio.wait_for(raw.reader.read(4096), 5)
        assert b" 500 " not in answer
    assert (await served.client.get("/healthz")).status_code == 200
