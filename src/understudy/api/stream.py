"""The body of a request as it arrives: bounded in size and in time."""

import asyncio
from collections.abc import AsyncIterator

from starlette.types import Receive

from understudy.api.answers import ClientGone
from understudy.errors import InvalidInput, TooLarge


class TooSlow(InvalidInput):
    """The body stopped arriving."""


class BodyStream:
    """Reads one body."""

    def __init__(
        self, receive: Receive, declared: bytes | None, *, idle_seconds: float, body_seconds: float
    ) -> None:
        """`declared`: the value of Content-Length."""
        self._receive = receive
        self._declared = int(declared) if declared and declared.isdigit() else 0
        self._idle_seconds = idle_seconds
        self._loop = asyncio.get_running_loop()
        self._deadline = self._loop.time() + body_seconds
        self._expired: asyncio.Task[object] | None = None
        self.complete = False
        """Whether all of it was read."""

    async def whole(self, limit: int) -> bytes:
        """All of it. Raises `TooLarge`, `TooSlow`, `ClientGone`."""
        if self._declared > limit:
            raise _too_large(limit)
        whole = await self._next()
        if not self.complete:
            pieces = [whole]
            size = len(whole)
            while size <= limit and not self.complete:
                pieces.append(await self._next())
                size += len(pieces[-1])
            whole = b"".join(pieces)
        if len(whole) > limit:
            raise _too_large(limit)
        return whole

    async def pieces(self, limit: int) -> AsyncIterator[bytes]:
        """All of it, at most `limit` bytes, in the pieces in which it comes. Raises as `whole`."""
        if self._declared > limit:
            raise _too_large(limit)
        size = 0
        while not self.complete:
            piece = await self._next()
            size += len(piece)
            if size > limit:
                raise _too_large(limit)
            if piece:
                yield piece

    async def drain(self, seconds: float) -> None:
        """Read on for a while and throw it away: who is still sending would not look at an answer."""
        try:
            async with asyncio.timeout(seconds):
                while not self.complete:
                    await self._next()
        except (TimeoutError, TooSlow, ClientGone):
            return

    async def _next(self) -> bytes:
        # A bare timer: asyncio.timeout costs three times as much, on every request.
        until = min(self._loop.time() + self._idle_seconds, self._deadline)
        timer = self._loop.call_at(until, self._expire, asyncio.current_task())
        try:
            message = await self._receive()
        except asyncio.CancelledError as error:
            if self._expired is None or self._expired.uncancel() > 0:
                raise
            raise TooSlow("Request parameters are invalid.", "The body did not arrive in time.") from error
        finally:
            timer.cancel()
        if message["type"] == "http.disconnect":
            raise ClientGone
        self.complete = not message.get("more_body", False)
        piece: bytes = message.get("body", b"")
        return piece

    def _expire(self, reader: asyncio.Task[object] | None) -> None:
        self._expired = reader
        if reader is not None:
            reader.cancel()


def _too_large(limit: int) -> TooLarge:
    return TooLarge("The request is too large.", f"Its body may have at most {limit:,} bytes.")
