import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from understudy.testing.proxy import Proxy

Pair = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


@pytest.fixture
async def proxy() -> AsyncIterator[Proxy]:
    """In front of a server that says everything again."""
    async with await asyncio.start_server(echo, "127.0.0.1", 0) as server:
        async with Proxy("127.0.0.1", server.sockets[0].getsockname()[1]) as proxy:
            yield proxy
        server.close()
        await asyncio.sleep(0)


async def connect(proxy: Proxy) -> Pair:
    return await asyncio.open_connection("127.0.0.1", proxy.port)


async def says(pair: Pair, content: bytes) -> bytes:
    """What comes back; less than was sent if the connection broke."""
    reader, writer = pair
    writer.write(content)
    got = b""
    try:
        while len(got) < len(content) and (piece := await reader.read(65536)):
            got += piece
    except ConnectionError:
        pass
    return got


async def closed(pair: Pair) -> None:
    pair[1].close()
    with suppress(ConnectionError):
        await pair[1].wait_closed()


async def test_it_carries_both_ways_and_counts(proxy: Proxy) -> None:
    pairs = [await connect(proxy) for _ in range(3)]
    content = bytes(range(256)) * 2000
    assert await asyncio.gather(*(says(pair, content) for pair in pairs)) == [content] * 3
    assert proxy.accepted == 3
    assert proxy.carried == {"to server": 3 * len(content), "to client": 3 * len(content)}
    for pair in pairs:
        await closed(pair)


async def test_an_end_is_carried_too(proxy: Proxy) -> None:
    reader, writer = await connect(proxy)
    writer.write(b"last words")
    writer.write_eof()
    assert await reader.read() == b"last words"
    await closed((reader, writer))


async def test_refusing_and_taking_again_at_the_same_port(proxy: Proxy) -> None:
    pair = await connect(proxy)
    assert await says(pair, b"a") == b"a"
    for _ in range(2):
        await proxy.refuse()
        with pytest.raises(ConnectionResetError):
            await pair[0].read(1)
        await closed(pair)
        with pytest.raises(ConnectionRefusedError):
            await connect(proxy)
        await proxy.forward()
        pair = await connect(proxy)
        assert await says(pair, b"b") == b"b"
    await closed(pair)


async def test_stalling_keeps_what_is_on_its_way(proxy: Proxy) -> None:
    old = await connect(proxy)
    proxy.stall()
    new = await connect(proxy)
    waiting = asyncio.gather(says(old, b"old"), says(new, b"new"))
    done, _ = await asyncio.wait([waiting], timeout=0.1)
    assert not done
    await proxy.forward()
    assert await waiting == [b"old", b"new"]
    await closed(old)
    await closed(new)


async def test_delay(proxy: Proxy) -> None:
    pair = await connect(proxy)
    proxy.delay(0.05)
    began = time.monotonic()
    assert await says(pair, b"a") == b"a"
    assert time.monotonic() - began >= 0.1  # once there, once back
    await proxy.forward()
    began = time.monotonic()
    assert await says(pair, b"b") == b"b"
    assert time.monotonic() - began < 0.1
    await closed(pair)


async def test_cutting_in_the_middle_of_what_is_sent(proxy: Proxy) -> None:
    pair = await connect(proxy)
    proxy.cut_after(100_000, "to server")
    content = bytes(300_000)
    assert len(await says(pair, content)) <= 100_000
    assert (proxy.carried["to server"], proxy.cuts) == (100_000, 1)
    await closed(pair)
    again = await connect(proxy)
    assert await says(again, content) == content
    await closed(again)


async def test_cutting_an_answer(proxy: Proxy) -> None:
    pair = await connect(proxy)
    proxy.cut_after(0, "to client")
    assert await says(pair, b"a") == b""
    assert proxy.carried == {"to server": 1, "to client": 0}
    await closed(pair)


async def test_cutting_now(proxy: Proxy) -> None:
    old = await connect(proxy)
    assert await says(old, b"a") == b"a"
    proxy.cut()
    assert await says(old, b"b") == b""
    await closed(old)
    new = await connect(proxy)
    assert await says(new, b"c") == b"c"
    await closed(new)


async def test_a_server_that_is_not_there() -> None:
    async with Proxy("127.0.0.1", 1) as proxy:
        pair = await connect(proxy)
        assert await says(pair, b"a") == b""
        await closed(pair)


async def test_leaving_ends_a_stalled_connection(proxy: Proxy) -> None:
    async with Proxy("127.0.0.1", proxy.port) as outer:
        pair = await connect(outer)
        assert await says(pair, b"a") == b"a"
        outer.stall()
        pair[1].write(b"b")
        await asyncio.sleep(0.05)
    assert await says(pair, b"c") == b""
    await closed(pair)
