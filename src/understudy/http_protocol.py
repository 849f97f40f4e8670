"""uvicorn's HTTP protocol, with bounds on what comes before a request is one: its line and its headers.

The parser takes headers of any length for any time, and a request has to be complete in that respect before the
application hears of it: so these two bounds can be kept nowhere else.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES = 64 * 1024
"""A request line and its headers together, give or take what arrives in one piece."""
HEAD_SECONDS = 30.0
"""From a connection, or the first byte of a further request on it, to the end of the headers."""

_ANSWER = b"HTTP/1.1 %s\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%s"
_BODY = b'{"result":false,"errors":[{"code":0,"message":"%s"}]}'


class BoundedHttpProtocol(HttpToolsProtocol):
    """One connection."""

    head_bytes = HEAD_BYTES
    head_seconds = HEAD_SECONDS

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See `asyncio.Protocol`."""
        super().connection_made(transport)
        self._in_head = True
        self._head = 0
        self._timer: asyncio.TimerHandle | None = self.loop.call_later(self.head_seconds, self._give_up)

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        super().data_received(data)
        if not self._in_head:
            return
        self._head += len(data)
        if self._head > self.head_bytes:
            self._refuse(b"431 Request Header Fields Too Large", b"The headers of the request are too large.")
        elif self._timer is None:
            self._timer = self.loop.call_later(self.head_seconds, self._give_up)

    def on_message_begin(self) -> None:
        """The parser has met the first byte of a request."""
        self._in_head = True
        self._head = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The parser has met the empty line after the headers."""
        self._in_head = False
        self._stop_timer()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        self._stop_timer()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP at all is refused in the envelope, too."""
        self._refuse(b"400 Bad Request", msg.encode("ascii", "replace").replace(b'"', b"'"))

    def _give_up(self) -> None:
        self._timer = None
        if self._in_head and not self.transport.is_closing():
            self._refuse(b"408 Request Timeout", b"The headers of the request did not arrive in time.")

    def _refuse(self, status: bytes, message: bytes) -> None:
        body = _BODY % message
        self._stop_timer()
        self.transport.write(_ANSWER % (status, len(body), body))
        self.transport.close()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
