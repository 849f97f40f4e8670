"""Word of a raylet's death, at once.

A raylet is Ray's process on a node. If it is killed, Ray itself notices when heartbeats stay away, 15 s later; workers
on that node, and a driver, go on meanwhile as if nothing had happened. A connection to the raylet's socket, on which nothing is
ever said, ends with it.
"""

import asyncio


class Tether(asyncio.Protocol):
    """`cut` is done when the raylet is gone."""

    def __init__(self) -> None:
        self.cut: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @classmethod
    async def to(cls, path: str) -> "Tether":
        """A tether to the raylet with that socket. Raises `OSError`."""
        _, tether = await asyncio.get_running_loop().create_unix_connection(cls, path)
        return tether

    def connection_lost(self, exc: Exception | None) -> None:
        """Part of `asyncio.Protocol`."""
        if not self.cut.done():
            self.cut.set_result(None)
