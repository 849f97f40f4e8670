"""Receivers of webhooks, good and bad, on sockets of their own: what they do is theirs, down to the byte."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

Behave = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Heard:
    """What a good one has heard, and when (Unix seconds), by task id."""

    def __init__(self) -> None:
        self.at: dict[str, float] = {}

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request well."""
        head = await reader.readuntil(b"\r\n\r\n")
        (length,) = [
            int(line.split(b":")[1])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length")
        ]
        body = json.loads(await reader.readexactly(length))
        self.at.setdefault(body["tasklist"][0]["id"], time.time())
        writer.write(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n")
        await writer.drain()


async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Slow: takes everything and says nothing."""
    await asyncio.sleep(3600)


async def promise(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Lying: says that a large answer comes, and lets a byte of it go now and then."""
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.2)


async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Lying: an answer that does not end, as fast as it can."""
    writer.write(b"HTTP/1.1 500 No\r\ntransfer-encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"8000\r\n" + bytes(0x8000) + b"\r\n")
        await writer.drain()


@asynccontextmanager
async def receiver(behave: Behave, address: str = "127.0.0.1") -> AsyncIterator[str]:
    """Where it is to be found."""
    under_way: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        under_way.add(task)
        try:
            await behave(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            under_way.discard(task)

    server = await asyncio.start_server(serve, address, 0)
    try:
        yield f"http://{address}:{server.sockets[0].getsockname()[1]}/hook"
    finally:
        server.close()
        for task in under_way:
            task.cancel()


@asynccontextmanager
async def bad_ones() -> AsyncIterator[list[str]]:
    """A slow one, two lying ones, and two dead ones: one refuses, one never answers a connection."""
    async with AsyncExitStack() as stack:
        found = [await stack.enter_async_context(receiver(each)) for each in (never, promise, endless)]
        full = stack.enter_context(_full_listener())
        yield [*found, "http://127.0.0.1:9/hook", f"http://127.0.0.1:{full}/hook"]


class _full_listener:  # noqa: N801 - used as a function
    """A port whose queue of connections is full: who knocks is not answered, as by a machine that is down."""

    def __enter__(self) -> int:
        import socket

        self._listener = socket.socket()
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(0)
        port = int(self._listener.getsockname()[1])
        self._knocking = [socket.socket() for _ in range(3)]
        for each in self._knocking:
            each.setblocking(False)
            each.connect_ex(("127.0.0.1", port))
        return port

    def __exit__(self, *_: object) -> None:
        for each in (*self._knocking, self._listener):
            each.close()
