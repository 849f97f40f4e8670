"""A TCP proxy that misbehaves on demand: what a bad network does to whatever speaks through it. For tests.

    async with Proxy("127.0.0.1", 5432) as proxy:
        connect("127.0.0.1", proxy.port)
        proxy.stall()          # nothing moves any more, nothing is closed
        await proxy.forward()  # it goes on where it stood

It lives in the event loop that started it, and stands still whenever that loop does.
"""

import asyncio
import socket
import struct
from types import TracebackType
from typing import Final, Literal, Self

_PIECE: Final = 64 * 1024
# With a linger time of zero a close becomes a reset (socket(7)): the other side sees an error, not an end.
_RESET: Final = struct.pack("ii", 1, 0)

Direction = Literal["to server", "to client"]


class Proxy:
    """Carries connections to `port` of 127.0.0.1 on to a server at `host` and `port`.

    Its own port stays the same, and nobody else gets it, while connections are refused.
    """

    def __init__(self, host: str, port: int) -> None:
        self._target = host, port
        # Holds the port without listening, so that a refused connection is refused by the system.
        self._holder = _bound(0)
        self.port: int = self._holder.getsockname()[1]
        self._server: asyncio.Server | None = None
        self._links: set[_Link] = set()
        self._moving = asyncio.Event()
        self._moving.set()
        self._delay = 0.0
        self._cuts: dict[Direction, int] = {}
        self.accepted = 0
        """Connections so far."""
        self.cuts = 0
        """Connections that `cut_after` has cut so far."""
        self.carried: dict[Direction, int] = {"to server": 0, "to client": 0}
        """Bytes so far."""

    async def __aenter__(self) -> Self:
        await self.forward()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.refuse()
        self._holder.close()

    async def forward(self) -> None:
        """Take connections and carry everything at once: the end of every trouble."""
        self._delay = 0.0
        self._cuts.clear()
        self._moving.set()
        if self._server is None:
            self._server = await asyncio.start_server(self._accept, sock=_bound(self.port))

    async def refuse(self) -> None:
        """Reset all connections and refuse new ones, as if the server were gone."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self.cut()
        await asyncio.gather(*(link.ended.wait() for link in self._links))

    def stall(self) -> None:
        """Carry nothing more. Connections stay open and new ones are taken, as behind a pulled cable."""
        self._moving.clear()

    def delay(self, seconds: float) -> None:
        """Hold every piece back for `seconds`."""
        self._delay = seconds

    def cut(self) -> None:
        """Reset all connections that are open now; new ones are taken."""
        for link in self._links:
            link.reset()

    def cut_after(self, count: int, direction: Direction) -> None:
        """Reset the connection that carries the byte after the next `count` ones in that direction, once.

        The bytes before it arrive. With 0 it is the next connection that has anything to carry.
        """
        self._cuts[direction] = count

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        link = _Link(writer)
        self._links.add(link)
        try:
            there_reader, there_writer = await asyncio.open_connection(*self._target)
        except OSError:
            link.reset()
        else:
            link.writers.append(there_writer)
            if link.is_reset:
                link.reset()
                return
            there = self._carry(reader, there_writer, "to server", link)
            back = self._carry(there_reader, writer, "to client", link)
            link.tasks = [asyncio.create_task(there), asyncio.create_task(back)]
            await asyncio.wait(link.tasks)
        finally:
            link.close()
            self._links.discard(link)
            link.ended.set()

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, direction: Direction, link: "_Link"
    ) -> None:
        try:
            while piece := await reader.read(_PIECE):
                await asyncio.sleep(self._delay)
                await self._moving.wait()
                allowed = self._allowed(len(piece), direction)
                writer.write(piece[:allowed])
                await writer.drain()
                self.carried[direction] += allowed
                if allowed < len(piece):
                    self.cuts += 1
                    link.reset()
                    return
            if writer.can_write_eof():
                writer.write_eof()
        except OSError:
            link.reset()

    def _allowed(self, count: int, direction: Direction) -> int:
        left = self._cuts.get(direction)
        if left is None:
            return count
        if count <= left:
            self._cuts[direction] = left - count
            return count
        del self._cuts[direction]
        return left


class _Link:
    """One connection's two ends."""

    def __init__(self, client: asyncio.StreamWriter) -> None:
        self.writers = [client]
        self.tasks: list[asyncio.Task[None]] = []
        self.is_reset = False
        self.ended = asyncio.Event()

    def reset(self) -> None:
        self.is_reset = True
        for writer in self.writers:
            sock = writer.get_extra_info("socket")
            if sock is not None and sock.fileno() >= 0:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            writer.transport.abort()
        for task in self.tasks:
            task.cancel()

    def close(self) -> None:
        for writer in self.writers:
            writer.close()


def _bound(port: int) -> socket.socket:
    """A socket at `port`, which others of ours may be bound to as well."""
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    made.bind(("127.0.0.1", port))
    return made
