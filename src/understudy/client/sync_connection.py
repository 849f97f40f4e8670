"""Requests, downloads and sockets of the client that waits."""

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from understudy.client import base
from understudy.client.answers import is_passing
from understudy.client.backoff import ATTEMPTS, retry_after
from understudy.client.calls import Call
from understudy.client.errors import ServerUnreachable
from understudy.client.transfer import Transfer
from understudy.client.watching import SILENCE, Watch


class SyncConnection:
    """The way to one server. Requests that can be repeated without harm are, with `pauses` in between."""

    def __init__(
        self,
        server: base.Server,
        pauses: Callable[[], Iterator[float]],
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """`transport` stands in for the network."""
        self._server = server
        self._pauses = pauses
        self._http = httpx.Client(
            base_url=server.url,
            timeout=base.TIMEOUT,
            headers={"User-Agent": base.USER_AGENT},
            trust_env=not server.is_local,
            transport=transport,
        )

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def send(self, call: Call) -> dict[str, Any]:
        """The payload of the answer. Raises `ServerUnreachable`, `RequestRefused`, `UnexpectedAnswer`."""
        answer = self.answer(call)
        return self._server.payload(answer.status_code, answer.content)

    def answer(self, call: Call) -> httpx.Response:
        """The answer, whatever it says. Raises `ServerUnreachable`."""
        for attempt, pause in zip(range(1, ATTEMPTS + 1), self._pauses(), strict=False):
            last = attempt == ATTEMPTS
            try:
                answer = self._ask(call)
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
            time.sleep(pause)
        raise AssertionError("the last attempt returns or raises")

    def bring(self, transfer: Transfer) -> Path:
        """Download a file, over as many connections as it takes. Raises `DownloadFailed`."""
        try:
            for pause in self._pauses():
                try:
                    # A server may keep its files elsewhere; nothing secret is sent along.
                    with self._http.stream(
                        "GET", transfer.url, headers=transfer.headers(), follow_redirects=True
                    ) as answer:
                        if not is_passing(answer.status_code, repeatable=True):
                            transfer.begin(answer.status_code, answer.headers)
                            for chunk in answer.iter_bytes():
                                transfer.write(chunk)
                            return transfer.finish()
                except httpx.TransportError:
                    pass
                transfer.lost()
                time.sleep(pause)
            raise AssertionError("pauses never end")
        finally:
            transfer.abandon()

    def messages(self, watch: Watch, deadline: float | None) -> Generator[str | bytes, None, None]:
        """What the socket says, until the connection ends, or is silent for long."""
        watch.attempt()
        try:
            with connect(self._server.socket_url, **self._server.socket_options) as socket:
                socket.send(watch.subscribe())
                while True:
                    left = SILENCE if deadline is None else min(SILENCE, deadline - time.monotonic())
                    yield socket.recv(timeout=max(0.0, left))
        except (WebSocketException, OSError):  # TimeoutError is an OSError
            return

    def _ask(self, call: Call) -> httpx.Response:
        headers = self._server.headers(call)
        if not call.parts:
            return self._http.request(call.method, call.path, content=call.content, headers=headers)
        with ExitStack() as stack:
            files = base.open_parts(call.parts, stack)
            return self._http.post(call.path, data=call.form, files=files, headers=headers)

    def _unreachable(self) -> ServerUnreachable:
        return ServerUnreachable(
            f"No server answers at {self._server.url}. Is it running (`understudy serve`)?"
        )
