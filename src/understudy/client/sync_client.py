"""The client that waits."""

import os
import time
import uuid
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Self

import httpx

from understudy.client import base, calls, prices
from understudy.client.backoff import pauses
from understudy.client.calls import Files
from understudy.client.credentials import find_credentials
from understudy.client.errors import ServerUnreachable, WaitedTooLong
from understudy.client.events import Event
from understudy.client.listening import OnEvent, OnProgress, listening
from understudy.client.paging import PAGE, Pages
from understudy.client.prices import Price
from understudy.client.records import Group, Model, Output, Submitted, Task
from understudy.client.sync_connection import SyncConnection
from understudy.client.transfer import Transfer
from understudy.client.watching import PATIENCE, Watch
from understudy.client.wire_values import tables


class Client:
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
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """See `find_credentials` for what stands in for missing arguments; `pauses` lie between attempts.

        Raises `NotConfigured`.
        """
        environ = os.environ if environ is None else environ
        credentials = find_credentials(environ, url=url, api_key=api_key, api_secret=api_secret, data=data)
        self._server = base.Server(credentials, clock)
        self._pauses = pauses
        self._connection = SyncConnection(self._server, pauses, transport)

    @property
    def url(self) -> str:
        """The server's base address."""
        return self._server.url

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connections."""
        self._connection.close()

    def submit(
        self,
        model: str,
        inputs: Mapping[str, Any],
        files: Files | None = None,
        callback_url: str | None = None,
        idempotency_key: str | None = None,
    ) -> Submitted:
        """Ask for a clip, and return at once. Local files (`Path`) are sent along.

        A key that makes repeating safe is made if none is given; asking again with the same one is the same task.
        Raises `InvalidRequest` if `model` is not `owner/slug`.
        """
        key = idempotency_key or str(uuid.uuid4())
        return base.submitted(self._connection.send(calls.run(model, inputs, files, callback_url, key)))

    def run(
        self,
        model: str,
        inputs: Mapping[str, Any],
        files: Files | None = None,
        callback_url: str | None = None,
        idempotency_key: str | None = None,
        *,
        on_event: OnEvent | None = None,
        progress: OnProgress | None = None,
        timeout: float | None = None,
    ) -> Task:
        """Ask for a clip and wait for it: the finished task. See `submit` and `wait`, also for what they raise."""
        submitted = self.submit(model, inputs, files, callback_url, idempotency_key)
        return self.wait(submitted, on_event, progress=progress, timeout=timeout)

    def resume(
        self,
        token: str,
        on_event: OnEvent | None = None,
        *,
        progress: OnProgress | None = None,
        timeout: float | None = None,
    ) -> Task:
        """Take up a task again by its token or id, such as after a restart of the program, and wait for its end.

        What has been told before is told again from the start. Raises `NotFound`, and what `wait` raises.
        """
        return self.wait(self.task(token), on_event, progress=progress, timeout=timeout)

    def task(self, task: str | Submitted | Task) -> Task:
        """A task as it is now, by id or token. Raises `NotFound`."""
        return base.one_task(self._connection.send(calls.detail(base.token_of(task))))

    def tasks(
        self, *, model: str = "", status: str = "", start: int = 0, limit: int = 50, newest_first: bool = True
    ) -> tuple[Task, ...]:
        """One page of the project's tasks; `limit` is at most 100."""
        call = calls.tasks(model=model, status=status, start=start, limit=limit, newest_first=newest_first)
        return tuple(Task.of(each) for each in tables(self._connection.send(call), "tasklist"))

    def each_task(self, *, model: str = "", status: str = "", newest_first: bool = True) -> Iterator[Task]:
        """All of the project's tasks, page after page; those that are made meanwhile may be missing."""
        pages = Pages(newest_first=newest_first)
        while pages.more:
            page = self.tasks(
                model=model, status=status, start=pages.start, limit=PAGE, newest_first=newest_first
            )
            yield from pages.news(page)

    def kill(self, task: str | Submitted | Task) -> Task:
        """Stop a task in whatever it does. Raises `NotFound` if it is over already."""
        return base.one_task(self._connection.send(calls.kill(base.token_of(task))))

    def cancel(self, task: str | Submitted | Task) -> Task:
        """Take a task out of the queue. Raises `NotFound` if it is not there any more."""
        return base.one_task(self._connection.send(calls.cancel(base.token_of(task))))

    def delete_files(self, task: str | Submitted | Task) -> None:
        """Delete the files of a task that is over; its record stays."""
        token = base.token_of(task)
        self._connection.send(calls.delete_files(self.task(token).token if token.isdigit() else token))

    def upload(self, file: Path | bytes, folder: str = "", *, name: str = "") -> Output:
        """Keep a file at the server; its address can be an input. Bytes need a `name`."""
        return base.one_file(self._connection.send(calls.upload(file, folder, name)))

    def create_folder(self, name: str, parent: str = "") -> Output:
        """A folder for uploads."""
        return base.one_file(self._connection.send(calls.create_folder(name, parent)))

    def models(self, search: str = "", *, start: int = 0, limit: int = 100) -> tuple[Model, ...]:
        """The models on offer, without their inputs."""
        return tuple(
            Model.of(each)
            for each in tables(self._connection.send(calls.models(search, start, limit)), "tool")
        )

    def model(self, address: str) -> Model:
        """One model with its inputs. Raises `NotFound`, `InvalidRequest`."""
        return base.one_model(self._connection.send(calls.model(address)))

    def explore(self) -> tuple[Group, ...]:
        """The models in groups, for somebody who looks around."""
        return tuple(Group.of(each) for each in tables(self._connection.send(calls.explore()), "explore"))

    def page(self, model: str) -> str:
        """A model's page, as plain text: what it takes, and how to call it. Raises `NotFound`, `InvalidRequest`."""
        call = calls.page(model)
        answer = self._connection.answer(call)
        return self._server.text(call, answer.status_code, answer.content)

    def price(self, model: str | Model, inputs: Mapping[str, Any]) -> Price:
        """What a run with these inputs will cost, as far as that is known before it. Raises `NotFound`."""
        return prices.price(self.model(model) if isinstance(model, str) else model, inputs)

    def wait(
        self,
        task: str | Submitted | Task,
        on_event: OnEvent | None = None,
        *,
        progress: OnProgress | None = None,
        timeout: float | None = None,
        check: bool = True,
    ) -> Task:
        """The task once it is over, told over the socket; without one it is asked for, ever less often.

        `progress` hears step, total and stage. Raises `TaskFailed` (or `TaskCancelled`) unless `check` is false, and
        `WaitedTooLong` after `timeout` seconds.
        """
        watch = self._watch(task)
        with listening(on_event, progress) as hear, closing(self._follow(watch, timeout)) as events:
            for event in events:
                hear(event)
        assert watch.ended is not None
        return watch.ended.check() if check else watch.ended

    def events(
        self, task: str | Submitted | Task, *, timeout: float | None = None
    ) -> Generator[Event, None, None]:
        """What the task tells, from its start to its end, whatever the connection does in between.

        Raises `WaitedTooLong` after `timeout` seconds. How the task ended is in `task(...)`.
        """
        yield from self._follow(self._watch(task), timeout)

    def download(self, what: Output | Task, to: Path) -> Path:
        """Bring a file here, or a task's clip: `to` is a file, or an existing folder.

        Goes on where a broken connection stopped. Returns where it is. Raises `DownloadFailed`; then there is nothing
        under that name that was not there before.
        """
        return self._connection.bring(Transfer(base.file_of(what), to))

    def _watch(self, task: str | Submitted | Task) -> Watch:
        token = base.token_of(task)
        return Watch(self.task(token).token if token.isdigit() else token)

    def _follow(self, watch: Watch, seconds: float | None) -> Generator[Event, None, None]:
        """Every event until the end; then the watch has the task's record."""
        deadline = None if seconds is None else time.monotonic() + seconds
        away_since: float | None = None
        delays = self._pauses()
        while True:
            if watch.wants_socket:
                with closing(self._connection.messages(watch, deadline)) as messages:
                    for message in messages:
                        delays = self._pauses()
                        if event := watch.hear(message):
                            yield event
                        if watch.over or watch.unclear:
                            break
            try:
                now = self.task(watch.token)
            except ServerUnreachable:
                watch.miss()
                away_since = away_since or time.monotonic()
                if time.monotonic() - away_since > PATIENCE:
                    raise
            else:
                away_since = None
                if event := watch.see(now):
                    yield event
                if watch.ended is not None:
                    return
            if deadline is not None and time.monotonic() >= deadline:
                raise WaitedTooLong(f"The task is not over after {seconds:g} seconds; it goes on.")
            time.sleep(next(delays))
