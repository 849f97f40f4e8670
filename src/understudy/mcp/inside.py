"""The server's own application, asked from within its process on behalf of a caller outside.

What is asked here passes the same gate as every request: the caller's keys, and the address that the caller has.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_MOST_UNREAD = 100
"""Messages that wait for a reader; then the sender waits."""
_FORWARDED = b"x-forwarded-for"


class Inside:
    """An ASGI application: the server's, as the client of a request from outside sees it."""

    def __init__(self, app: ASGIApp, outside: Scope) -> None:
        """`outside` is the scope of that request."""
        self._app = app
        self._client = outside.get("client")
        self._forwarded = [each for each in outside["headers"] if each[0] == _FORWARDED]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, with the address of the caller instead of ours."""
        headers = [*scope["headers"], *self._forwarded]
        await self._app({**scope, "client": self._client, "headers": headers}, receive, send)


class InsideSocket:
    """A websocket to an application in this process."""

    def __init__(
        self,
        serving: "asyncio.Task[None]",
        to_app: "asyncio.Queue[Message]",
        from_app: "asyncio.Queue[Message]",
    ) -> None:
        self._serving = serving
        self._to_app = to_app
        self._from_app = from_app

    async def send(self, message: str) -> None:
        """Send one message."""
        await self._to_app.put({"type": "websocket.receive", "text": message})

    async def recv(self) -> str | bytes:
        """The next message. Raises `ConnectionResetError` at the end."""
        message = await self.next()
        if message["type"] != "websocket.send":
            raise ConnectionResetError("The socket was closed.")
        text = message.get("text")
        found: str | bytes = message["bytes"] if text is None else text
        return found

    async def next(self) -> Message:
        """The next message as it is. Raises `ConnectionResetError` if the application has ended."""
        coming = asyncio.ensure_future(self._from_app.get())
        try:
            await asyncio.wait({coming, self._serving}, return_when=asyncio.FIRST_COMPLETED)
            if coming.done():
                return coming.result()
            if not self._from_app.empty():
                return self._from_app.get_nowait()
            raise ConnectionResetError("The application has ended.")
        finally:
            coming.cancel()


@asynccontextmanager
async def connect(app: ASGIApp, path: str = "/v1") -> AsyncIterator[InsideSocket]:
    """A socket at `path`. Raises `ConnectionRefusedError` if the application does not take it."""
    to_app: asyncio.Queue[Message] = asyncio.Queue()
    from_app: asyncio.Queue[Message] = asyncio.Queue(_MOST_UNREAD)
    scope: Scope = {
        "type": "websocket",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": "ws",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [],
        "client": None,
        "server": None,
        "subprotocols": [],
    }
    await to_app.put({"type": "websocket.connect"})
    serving = asyncio.ensure_future(app(scope, to_app.get, from_app.put))
    socket = InsideSocket(serving, to_app, from_app)
    try:
        if (await socket.next())["type"] != "websocket.accept":
            raise ConnectionRefusedError("The socket was not accepted.")
        yield socket
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
