"""A fake partner behind a real socket: connections can break, bodies can end early, nothing is simulated above TCP."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

ABORT = "understudy.abort"
"""The ASGI extension by which an app breaks its connection: `scope["extensions"][ABORT]()`."""


class _Abortable(HttpToolsProtocol):
    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        app: ASGIApp = self.app

        async def with_abort(scope: Scope, receive: Receive, send: Send) -> None:
            extensions = {**scope.get("extensions", {}), ABORT: transport.abort}
            await app({**scope, "extensions": extensions}, receive, send)

        self.app = with_abort


def abort(scope: Scope) -> None:
    """Break the connection of a request at once (TCP reset), whatever was or was not answered."""
    give_up: Callable[[], None] = scope["extensions"][ABORT]
    give_up()


@contextmanager
def serving(app: ASGIApp, port: int = 0) -> Iterator[str]:
    """Serve `app` on a port of this machine, in a thread with an event loop of its own; gives its base address.

    Port 0 is a free one. Raises OSError if the port cannot be had.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError:
        listener.close()
        raise
    config = uvicorn.Config(
        app,
        interface="asgi3",  # a method is taken for the older kind otherwise
        http=_Abortable,
        lifespan="off",
        log_level="critical",
        timeout_graceful_shutdown=1,
        ws="websockets-sansio",
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(
        target=lambda: asyncio.run(server.serve(sockets=[listener])), name="fake partner", daemon=True
    )
    thread.start()
    try:
        while not server.started and thread.is_alive():
            thread.join(0.005)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(5)
        listener.close()
