"""uvicorn, as the server runs it: its settings, its socket, and the signals left to others."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from understudy.errors import ConfigurationError
from understudy.http_protocol import BoundedHttpProtocol
from understudy.websocket_protocol import LONGEST_MESSAGE, QuietWebSocketProtocol

_REQUESTS_END_SECONDS = 5
"""How long requests under way may take to end once the server stops."""


def http_config(app: ASGIApp) -> uvicorn.Config:
    """How uvicorn serves the API."""
    return uvicorn.Config(
        app,
        http=BoundedHttpProtocol,
        ws=QuietWebSocketProtocol,
        ws_max_size=LONGEST_MESSAGE,
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_REQUESTS_END_SECONDS,
    )


class HttpServer(uvicorn.Server):
    """uvicorn, with the signals left to us: running tasks come before sockets when the server stops."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing is captured."""
        yield

    async def answers(self, serving: "asyncio.Task[None]") -> None:
        """Returns once requests are answered; raises what kept it from starting."""
        while not self.started:
            if serving.done():
                await serving
                raise ConfigurationError("The HTTP server stopped before it began.")
            await asyncio.sleep(0.005)


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that takes connections; port 0 is a free one. Raises `ConfigurationError` if it cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, asyncio sets TCP_NODELAY on what it accepts; without, every answer may wait for 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise ConfigurationError(
            f"Cannot listen on {host} port {port} ({error.strerror or error})."
            " Choose another with --port; 0 takes a free one."
        ) from error
    with listener:
        yield listener


def address_of(listener: socket.socket) -> str:
    """The base address under which clients of this machine find it."""
    host, port = listener.getsockname()[:2]
    if host in ("0.0.0.0", "::"):  # noqa: S104 - to be replaced by an address that a client can use
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
