"""The client that awaits: `Client` with `await` before every method."""

import asyncio
import os
import time
import uuid
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import ExitStack, aclosing
from pathlib import Path
from typing import Any, Self

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from understudy.client import base, calls
from understudy.client.answers import is_passing
from understudy.client.backoff import ATTEMPTS, pauses, retry_after
from understudy.client.calls import Call, Files
from understudy.client.credentials import find_credentials
from understudy.client.errors import ServerUnreachable, WaitedTooLong
from understudy.client.events import Event
from understudy.client.records import Model, Output, Submitted, Task
from understudy.client.transfer import Transfer
from understudy.client.watching import PATIENCE, SILENCE, Watch
from understudy.client.wire_values import tables


class AsyncClient:
    """A server, seen by one project. Without arguments it is the one whose data folder lies on this machine.

    Every method raises `ServerUnreachable`, `NotSignedIn` and `RequestRefused` (see `client.errors`). Requests that can
    be repeated without harm are, when the connection breaks or the server says "not now".
    """

    def __init__(
        self,
        url: str | None = None,
        api_key: str | None = None,
        api_secret: str | None = None,
        *,
        data: Path | None = None,
        environ: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.time,
        pauses: Callable[[], Iterator[float]] = pauses,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """See `find_credentials` for what stands in for missing arguments; `pauses` lie between attempts.

        Raises `NotConfigured`.
        """
        environ = os.environ if environ is None else environ
        credentials = find_credentials(environ, url=url, api_key=api_key, api_secret=api_secret, data=data)
        self._server = base.Server(credentials, clock)
        self._pauses = pauses
        self._http = httpx.AsyncClient(
            base_url=self._server.url,
            timeout=base.TIMEOUT,
            headers={"User-Agent": base.USER_AGENT},
            trust_env=not self._server.is_local,
            transport=transport,
        )

    @property
    def url(self) -> str:
        """The server's base address."""
        return self._server.url

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.aclose()

    async def run(
        self,
        model: str,
        inputs: Mapping[str, Any],
        files: Files | None = None,
        callback_url: str | None = None,
        idempotency_key: str | None = None,
    ) -> Submitted:
        """Ask for a clip. Local files (`Path`) are sent along; a key that makes repeating safe is made if none is given.

        Raises `InvalidRequest` if `model` is not `owner/slug`.
        """
        key = idempotency_key or str(uuid.uuid4())
        return base.submitted(await self._send(calls.run(model, inputs, files, callback_url, key)))

    async def task(self, task: str | Submitted | Task) -> Task:
        """A task as it is now, by id or token. Raises `NotFound`."""
        return base.one_task(await self._send(calls.detail(base.token_of(task))))

    async def tasks(
        self, *, model: str = "", status: str = "", start: int = 0, limit: int = 50, newest_first: bool = True
    ) -> tuple[Task, ...]:
        """One page of the project's tasks; `limit` is at most 100."""
        call = calls.tasks(model=model, status=status, start=start, limit=limit, newest_first=newest_first)
        return tuple(Task.of(each) for each in tables(await self._send(call), "tasklist"))

    async def kill(self, task: str | Submitted | Task) -> Task:
        """Stop a task in whatever it does. Raises `NotFound` if it is over already."""
        return base.one_task(await self._send(calls.kill(base.token_of(task))))

    async def cancel(self, task: str | Submitted | Task) -> Task:
        """Take a task out of the queue. Raises `NotFound` if it is not there any more."""
        return base.one_task(await self._send(calls.cancel(base.token_of(task))))

    async def delete_files(self, task: str | Submitted | Task) -> None:
        """Delete the files of a task that is over; its record stays."""
        token = base.token_of(task)
        await self._send(calls.delete_files((await self.task(token)).token if token.isdigit() else token))

    async def upload(self, path: Path, folder: str = "") -> Output:
        """Keep a file at the server; its address can be an input."""
        return base.one_file(await self._send(calls.upload(path, folder)))

    async def create_folder(self, name: str, parent: str = "") -> Output:
        """A folder for uploads."""
        return base.one_file(await self._send(calls.create_folder(name, parent)))

    async def models(self, search: str = "", *, start: int = 0, limit: int = 100) -> tuple[Model, ...]:
        """The models on offer, without their inputs."""
        return tuple(
            Model.of(each) for each in tables(await self._send(calls.models(search, start, limit)), "tool")
        )

    async def model(self, address: str) -> Model:
        """One model with its inputs. Raises `NotFound`, `InvalidRequest`."""
        return base.one_model(await self._send(calls.model(address)))

    async def wait(
        self,
        task: str | Submitted | Task,
        on_event: Callable[[Event], None] | None = None,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - it ends the wait, not a request
        check: bool = True,
    ) -> Task:
        """The task once it is over, told over the socket; without one it is asked for, ever less often.

        Raises `TaskFailed` (or `TaskCancelled`) unless `check` is false, and `WaitedTooLong` after `timeout` seconds.
        """
        watch = Watch(base.token_of(task), on_event)
        if watch.token.isdigit():
            watch.token = (await self.task(watch.token)).token
        deadline = None if timeout is None else time.monotonic() + timeout
        away_since: float | None = None
        delays = self._pauses()
        while True:
            if watch.wants_socket:
                async with aclosing(self._messages(watch, deadline)) as messages:
                    async for message in messages:
                        delays = self._pauses()
                        watch.hear(message)
                        if watch.over or watch.unclear:
                            break
            try:
                now = await self.task(watch.token)
            except ServerUnreachable:
                watch.miss()
                away_since = away_since or time.monotonic()
                if time.monotonic() - away_since > PATIENCE:
                    raise
            else:
                away_since = None
                watch.see(now)
                if now.over:
                    return now.check() if check else now
            if deadline is not None and time.monotonic() >= deadline:
                raise WaitedTooLong(f"The task is not over after {timeout:g} seconds; it goes on.")
            await asyncio.sleep(next(delays))

    async def download(self, output: Output, to: Path) -> Path:
        """Bring a file here: `to` is a file, or an existing folder. Goes on where a broken connection stopped.

        Returns where it is. Raises `DownloadFailed`; then there is nothing under that name that was not there before.
        """
        transfer = Transfer(output, to)
        try:
            for pause in self._pauses():
                try:
                    async with self._http.stream("GET", transfer.url, headers=transfer.headers()) as answer:
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

    async def _send(self, call: Call) -> dict[str, Any]:
        for attempt, pause in zip(range(1, ATTEMPTS + 1), self._pauses(), strict=False):
            last = attempt == ATTEMPTS
            try:
                answer = await self._post(call)
            except httpx.ConnectError as error:
                if last:
                    raise self._unreachable() from error
            except httpx.TransportError as error:
                if last or not call.repeatable:
                    raise self._unreachable() from error
            else:
                if last or not is_passing(answer.status_code, call.repeatable):
                    return self._server.payload(answer.status_code, answer.content)
                pause = retry_after(answer.headers.get("retry-after"), pause)
            await asyncio.sleep(pause)
        raise AssertionError("the last attempt returns or raises")

    async def _post(self, call: Call) -> httpx.Response:
        headers = self._server.headers(call)
        if not call.parts:
            return await self._http.post(call.path, content=call.content, headers=headers)
        with ExitStack() as stack:
            files = base.open_parts(call.parts, stack)
            return await self._http.post(call.path, data=call.form, files=files, headers=headers)

    async def _messages(self, watch: Watch, deadline: float | None) -> AsyncGenerator[str | bytes, None]:
        """What the socket says, until the connection ends, or is silent for long."""
        watch.attempt()
        try:
            async with connect(self._server.socket_url, **self._server.socket_options) as socket:
                await socket.send(watch.subscribe())
                while True:
                    left = SILENCE if deadline is None else min(SILENCE, deadline - time.monotonic())
                    async with asyncio.timeout(max(0.0, left)):
                        message = await socket.recv()
                    yield message
        except (WebSocketException, OSError):  # TimeoutError is an OSError
            return

    def _unreachable(self) -> ServerUnreachable:
        return ServerUnreachable(f"No server answers at {self.url}. Is it running (`understudy serve`)?")
