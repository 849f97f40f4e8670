"""One end of what leads to another process: the socket of messages and the pipes of output, as asyncio protocols."""

import asyncio
import logging
import socket
from collections.abc import Callable
from typing import Generic, TypeVar, cast

import msgspec

from understudy.executors.lines import Follower
from understudy.executors.protocol import ProtocolError, Unpacker, packed

log = logging.getLogger(__name__)

M = TypeVar("M")


class Connection(asyncio.Protocol, Generic[M]):
    """Calls `hear` with each message; `closed` is done when no more will come."""

    def __init__(self, hear: Callable[[M], None], decoder: msgspec.msgpack.Decoder[M]) -> None:
        self._hear = hear
        self._unpacker = Unpacker(decoder)
        self._transport: asyncio.Transport | None = None
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @classmethod
    async def over(
        cls, connected: socket.socket, hear: Callable[[M], None], decoder: msgspec.msgpack.Decoder[M]
    ) -> "Connection[M]":
        """A connection over a connected Unix socket, which it owns from here on."""
        connected.setblocking(False)
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_unix_connection(lambda: cls(hear, decoder), sock=connected)
        return connection

    def send(self, message: msgspec.Struct) -> None:
        """Send it, if there is still somebody to hear it. Raises `UnicodeEncodeError` for text that is no Unicode."""
        data = packed(message)
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def close(self) -> None:
        """Hang up at once."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Part of `asyncio.Protocol`."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Part of `asyncio.Protocol`."""
        try:
            for message in self._unpacker.feed(data):
                self._hear(message)
        except ProtocolError:
            log.exception("The other end sent something that is not a message")
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Part of `asyncio.Protocol`."""
        if not self.closed.done():
            self.closed.set_result(None)


class OutputPipe(asyncio.Protocol):
    """Feeds a follower with what comes out of a pipe; `closed` is done at its end."""

    def __init__(self, follower: Follower) -> None:
        self._follower = follower
        self._transport: asyncio.ReadTransport | None = None
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @classmethod
    async def over(cls, descriptor: int, follower: Follower) -> "OutputPipe":
        """Read a pipe's descriptor, which it owns from here on."""
        pipe = open(descriptor, "rb", buffering=0)  # noqa: SIM115, ASYNC230 - the transport closes it
        loop = asyncio.get_running_loop()
        _, output = await loop.connect_read_pipe(lambda: cls(follower), pipe)
        return output

    def close(self) -> None:
        """Stop reading."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Part of `asyncio.Protocol`."""
        self._transport = cast(asyncio.ReadTransport, transport)

    def data_received(self, data: bytes) -> None:
        """Part of `asyncio.Protocol`."""
        self._follower.feed(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Part of `asyncio.Protocol`."""
        self._follower.end()
        if not self.closed.done():
            self.closed.set_result(None)
