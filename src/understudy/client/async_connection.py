"""Requests, downloads and sockets of the client that awaits."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, ExitStack
from pathlib import Path
from typing import Any, Protocol

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from understudy.client import base
from understudy.client.answers import is_passing
from understudy.client.backoff import ATTEMPTS, retry_after
from understudy.client.calls import Call
from understudy.client.errors import ServerUnreachable
from understudy.client.transfer import Transfer
from understudy.client.watching import SILENCE, Watch


class Socket(Protocol):
    """A connection that tells of tasks. Its errors are `OSError` or those of `websockets`, also that of its end."""

    async def send(self, message: str) -> None:
        """Send one message."""

    async def recv(self) -> str | bytes:
        """The next message."""


class AsyncConnection:
    """The way to one server. Requests that can be repeated without harm are, with `pauses` in between."""

    def __init__(
        self,
        server: base.Server,
        pauses: Callable[[], Iterator[float]],
        transport: httpx.AsyncBaseTransport | None = None,
        connect: Callable[[], AbstractAsyncContextManager[Socket]] | None = None,
    ) -> None:
        """`transport` and `connect` stand in for the network."""
        self._server = server
        self._pauses = pauses
        self._connect = connect or self._connect_over_network
        self._http = httpx.AsyncClient(
            base_url=server.url,
            timeout=base.TIMEOUT,
            headers={"User-Agent": base.USER_AGENT},
            trust_env=not server.is_local,
            transport=transport,
        )

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.aclose()

    async def send(self, call: Call) -> dict[str, Any]:
        """The payload of the answer. Raises `ServerUnreachable`, `RequestRefused`, `UnexpectedAnswer`."""
        answer = await self.answer(call)
        return self._server.payload(answer.status_code, answer.content)

    async def answer(self, call: Call) -> httpx.Response:
        """The answer, whatever it says. Raises `ServerUnreachable`."""
        for attempt, pause in zip(range(1, ATTEMPTS + 1), self._pauses(), strict=False):
            last = attempt == ATTEMPTS
            try:
                answer = await self._ask(call)
            except httpx.ConnectError as error:
                if last:
                    raise self._unreachable() from error
            except httpx.TransportError as error:
                if last or not call.repeatable:
                    raise self._unreachable() from error
            else:
                if last or not is_passing(answer.status_code, call.repeatable):
                    return answer
                pause = retry_after(answer.headers.get("retry-after"), pause)
            await asyncio.sleep(pause)
        raise AssertionError("the last attempt returns or raises")

    async def bring(self, transfer: Transfer) -> Path:
        """Download a file, over as many connections as it takes. Raises `DownloadFailed`."""
        try:
            for pause in self._pauses():
                try:
                    # A server may keep its files elsewhere; nothing secret is sent along.
                    async with self._http.stream(
                        "GET", transfer.url, headers=transfer.headers(), follow_redirects=True
                    ) as answer:
                        if not is_passing(answer.status_code, repeatable=True):
                            transfer.begin(answer.status_code, answer.headers)
                            async for chunk in answer.aiter_bytes():
                                transfer.write(chunk)
                            return transfer.finish()
                except httpx.TransportError:
                    pass
                transfer.lost()
                await asyncio.sleep(pause)
            raise AssertionError("pauses never end")
        finally:
            transfer.abandon()

    async def messages(self, watch: Watch, deadline: float | None) -> AsyncGenerator[str | bytes, None]:
        """What the socket says, until the connection ends, or is silent for long."""
        watch.attempt()
        try:
            async with self._connect() as socket:
                await socket.send(watch.subscribe())
                while True:
                    left = SILENCE if deadline is None else min(SILENCE, deadline - time.monotonic())
                    async with asyncio.timeout(max(0.0, left)):
                        message = await socket.recv()
                    yield message
        except (WebSocketException, OSError):  # TimeoutError is an OSError
            return

    async def _ask(self, call: Call) -> httpx.Response:
        headers = self._server.headers(call)
        if not call.parts:
            return await self._http.request(call.method, call.path, content=call.content, headers=headers)
        with ExitStack() as stack:
            files = base.open_parts(call.parts, stack)
            return await self._http.post(call.path, data=call.form, files=files, headers=headers)

    def _connect_over_network(self) -> AbstractAsyncContextManager[Socket]:
        return connect(self._server.socket_url, **self._server.socket_options)

    def _unreachable(self) -> ServerUnreachable:
        return ServerUnreachable(
            f"No server answers at {self._server.url}. Is it running (`understudy serve`)?"
        )
