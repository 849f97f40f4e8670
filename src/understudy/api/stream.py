"""The body of a request as it arrives: bounded in size and in time."""

import asyncio
from collections.abc import AsyncIterator

from starlette.types import Receive

from understudy.api.answers import ClientGone
from understudy.errors import InvalidInput, TooLarge


class TooSlow(InvalidInput):
    """The body stopped arriving."""


class Patience:
    """Ends reads that wait for too long: one timer for all of them, and none while nobody reads.

    A timer for each read, which nearly every time finds the body there already, would be a tenth of a small request.
    """

    def __init__(self, *, idle_seconds: float, body_seconds: float) -> None:
        """`idle_seconds`: silence in the middle of a body, `body_seconds`: a whole body; both kept to within a tenth."""
        self.idle_seconds = idle_seconds
        self.body_seconds = body_seconds
        self._reads: dict[BodyStream, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, stream: "BodyStream", until: float, loop: asyncio.AbstractEventLoop) -> None:
        """A read begins that may last until then, on the loop's clock."""
        self._reads[stream] = until
        if self._timer is None:
            self._timer = loop.call_later(self.idle_seconds / 10, self._look, loop)

    def end(self, stream: "BodyStream") -> None:
        """It is over."""
        del self._reads[stream]

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        for stream, until in self._reads.items():
            if until <= now:
                stream.expire()
        self._timer = loop.call_later(self.idle_seconds / 10, self._look, loop) if self._reads else None


class BodyStream:
    """Reads one body."""

    def __init__(self, receive: Receive, declared: bytes | None, patience: Patience) -> None:
        """`declared`: the value of Content-Length."""
        self._receive = receive
        self._declared = int(declared) if declared and declared.isdigit() else 0
        self._patience = patience
        self._loop = asyncio.get_running_loop()
        self._deadline = self._loop.time() + patience.body_seconds
        self._reader: asyncio.Task[object] | None = None
        self._expired = False
        self._size = 0
        self.complete = False
        """Whether all of it was read."""

    async def whole(self, limit: int) -> bytes:
        """All of it. Raises `TooLarge`, `TooSlow`, `ClientGone`."""
        if self._declared > limit:
            raise too_large(limit)
        whole = await self._next()
        if not self.complete:
            pieces = [whole]
            size = len(whole)
            while size <= limit and not self.complete:
                pieces.append(await self._next())
                size += len(pieces[-1])
            whole = b"".join(pieces)
        if len(whole) > limit:
            raise too_large(limit)
        return whole

    async def pieces(self, limit: int) -> AsyncIterator[bytes]:
        """All of it, at most `limit` bytes, in the pieces in which it comes. Raises as `whole`."""
        while not self.complete:
            if piece := await self.piece(limit):
                yield piece

    async def piece(self, limit: int) -> bytes:
        """The next piece, of all of which there may be `limit` bytes; it may be empty. Raises as `whole`."""
        if self._declared > limit:
            raise too_large(limit)
        piece = await self._next()
        self._size += len(piece)
        if self._size > limit:
            raise too_large(limit)
        return piece

    async def drain(self, seconds: float) -> None:
        """Read on for a while and throw it away: who is still sending would not look at an answer."""
        try:
            async with asyncio.timeout(seconds):
                while not self.complete:
                    await self._next()
        except (TimeoutError, TooSlow, ClientGone):
            return

    async def _next(self) -> bytes:
        until = min(self._loop.time() + self._patience.idle_seconds, self._deadline)
        self._reader = asyncio.current_task()
        self._patience.begin(self, until, self._loop)
        try:
            message = await self._receive()
        except asyncio.CancelledError as error:
            if not self._expired or self._reader is None or self._reader.uncancel() > 0:
                raise
            raise TooSlow("Request parameters are invalid.", "The body did not arrive in time.") from error
        finally:
            self._patience.end(self)
        if message["type"] == "http.disconnect":
            raise ClientGone
        self.complete = not message.get("more_body", False)
        piece: bytes = message.get("body", b"")
        return piece

    def expire(self) -> None:
        """Break the present read off; it raises `TooSlow`."""
        if self._reader is not None and not self._expired:
            self._expired = True
            self._reader.cancel()


def too_large(limit: int) -> TooLarge:
    """The refusal of a body of more than `limit` bytes."""
    return TooLarge("The request is too large.", f"Its body may have at most {limit:,} bytes.")
