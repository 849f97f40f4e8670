"""uvicorn's HTTP protocol, with bounds on what comes before a request is one, its line and its headers, and behind one.

The parser takes headers of any length for any time, and a request has to be complete in that respect before the
application hears of it; nor does the application hear of what comes when its answer is out. So these bounds can be
kept nowhere else.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES = 64 * 1024
"""A request line and its headers together, give or take what arrives in one piece."""
HEAD_SECONDS = 30.0
"""From a connection, or the first byte behind an answer on it, to the end of the next headers."""

_ANSWER = b"HTTP/1.1 %s\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%s"
_WITHOUT_HOST = ("0.9", "1.0")
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
        self._reason = b""
        self._timer: asyncio.TimerHandle | None = self.loop.call_later(self.head_seconds, self._give_up)

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        super().data_received(data)
        if self._in_head:
            self._head += len(data)
            if self._head > self.head_bytes:
                self._refuse(
                    b"431 Request Header Fields Too Large", b"The headers of the request are too large."
                )
                return
        # Bytes have ended uvicorn's wait for a further request, also those that begin none: empty lines, or what is
        # left of a body that was refused unread.
        elif self.cycle is None or not self.cycle.response_complete:
            return
        if self._timer is None and not self.transport.is_closing():
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
        if reason := self._objection():
            self._reason = reason
            raise ValueError(reason)
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        self._stop_timer()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP at all is refused in the envelope, too."""
        self._refuse(b"400 Bad Request", self._reason or msg.encode("ascii", "replace").replace(b'"', b"'"))

    def _objection(self) -> bytes:
        """What is wrong with the headers as a whole; empty if nothing is."""
        # RFC 9112, 3.2: two readers could take such a request for one to different hosts.
        hosts = sum(name == b"host" for name, _ in self.headers)
        if hosts > 1 or (not hosts and self.parser.get_http_version() not in _WITHOUT_HOST):
            return b"A request needs one Host header."
        if self.parser.should_upgrade() and self._should_upgrade() and not self._is_handshake():
            # Nobody would read the body, and nobody would end the wait for it.
            return b"A WebSocket begins with a GET without a body."
        return b""

    def _is_handshake(self) -> bool:
        """RFC 6455, 4.1."""
        headers = dict(self.headers)
        declared = headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers
        return self.parser.get_method() == b"GET" and not declared

    def _give_up(self) -> None:
        self._timer = None
        if self.transport.is_closing():
            return
        if self._in_head:
            self._refuse(b"408 Request Timeout", b"The headers of the request did not arrive in time.")
        elif self.cycle is not None and self.cycle.response_complete:
            self.transport.close()

    def _refuse(self, status: bytes, message: bytes) -> None:
        self._stop_timer()
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete and not cycle.more_body:
            # A whole request came before: its answer is on the way, and will be the last here.
            cycle.keep_alive = False
            self.transport.pause_reading()
            return
        body = _BODY % message
        self.transport.write(_ANSWER % (status, len(body), body))
        self.transport.close()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
