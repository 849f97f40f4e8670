"""Several processes behind one port: those that answer requests, and, unless others do, one that runs tasks.

Each is a server of its own, started afresh, and started again if it dies. They share the listening socket: the kernel
gives each connection to one of them.
"""

import asyncio
import contextlib
import logging
import multiprocessing
import os
import signal
import socket
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

import msgspec

from understudy.config import Settings
from understudy.errors import ConfigurationError, UnderstudyError
from understudy.http_server import address_of, listening
from understudy.log import set_up
from understudy.server import STOP_SECONDS, serve
from understudy.stores import is_shared

log = logging.getLogger(__name__)

_PAUSE_SECONDS = (0.5, 1.0, 2.0, 5.0, 10.0)
"""Before a process that died is started again: longer each time that it dies young."""
_YOUNG_SECONDS = 30.0
_GRACE_SECONDS = STOP_SECONDS + 3.0
"""Beside the time that running tasks get: then a process that does not even end itself is killed."""


async def serve_with_workers(settings: Settings, *, on_ready: Callable[[str], None] | None = None) -> None:
    """Serve until SIGINT or SIGTERM with `settings.workers` processes that answer requests.

    Raises `ConfigurationError` if they cannot start.
    """
    if not is_shared(settings):
        raise ConfigurationError(
            "workers: more than one process takes a database that they share: set database to"
            " postgresql://USER:PASSWORD@HOST/NAME."
        )
    with listening(settings.host, settings.port) as listener:
        url = settings.url.rstrip("/") or address_of(listener)
        answering = msgspec.structs.replace(settings, role="api", workers=1, url=url)
        crew = [_Worker(f"api {number}", answering, listener) for number in range(1, settings.workers + 1)]
        if settings.role == "all":
            port = settings.port and settings.port + 1  # 0 takes a free one
            running = msgspec.structs.replace(
                settings,
                role="dispatcher",
                workers=1,
                url=url,
                port=port,
                origins={**settings.origins, "port": "flag"},
            )
            crew.insert(0, _Worker("dispatcher", running, None))
        await _stand_by(crew, settings, on_ready and (lambda: on_ready(url)))


async def _stand_by(crew: "list[_Worker]", settings: Settings, on_ready: Callable[[], None] | None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    heard = 0

    def hear() -> None:
        nonlocal heard
        heard += 1
        stop.set()
        for each in crew:
            each.signal(signal.SIGTERM)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, hear)
    try:
        # The first alone: what is to be made once (tables, the first project) is not made by all of them at once.
        for each in (crew[0], *crew[1:]):
            each.start()
            if each is crew[0]:
                await each.ready()
        for each in crew[1:]:
            await each.ready()
        if on_ready is not None and not stop.is_set():
            on_ready()
        minding = [asyncio.create_task(each.mind(stop)) for each in crew]
        await stop.wait()
        for task in minding:
            task.cancel()
        await asyncio.gather(*minding, return_exceptions=True)
    finally:
        for each in crew:
            each.signal(signal.SIGTERM)
        give_up = time.monotonic() + settings.drain_seconds + _GRACE_SECONDS
        for each in crew:
            await each.ended(give_up)


class _Worker:
    """One process."""

    def __init__(self, name: str, settings: Settings, listener: socket.socket | None) -> None:
        self._name = name
        self._settings = settings
        self._listener = listener
        self._context = multiprocessing.get_context("spawn")
        self._process: BaseProcess | None = None
        self._says: Connection | None = None
        self._began = 0.0
        self._deaths = 0

    def start(self) -> None:
        self._says, says = self._context.Pipe(duplex=False)
        self._process = self._context.Process(
            target=_work, args=(self._settings, self._listener, says), name=f"understudy {self._name}"
        )
        self._process.start()
        says.close()
        self._began = time.monotonic()

    async def ready(self) -> None:
        """Return once it answers. Raises `ConfigurationError` with its own words if it cannot start."""
        assert self._says is not None
        try:
            said: str = await asyncio.to_thread(self._says.recv)
        except EOFError:
            said = "It ended before it answered; its log says why."
        if said:
            raise ConfigurationError(f"{self._name}: {said}")

    async def mind(self, stop: asyncio.Event) -> None:
        """Start it again whenever it dies."""
        while not stop.is_set():
            assert self._process is not None
            await _end_of(self._process)
            young = time.monotonic() - self._began < _YOUNG_SECONDS
            self._deaths = self._deaths + 1 if young else 1
            pause = _PAUSE_SECONDS[min(self._deaths, len(_PAUSE_SECONDS)) - 1]
            log.error(
                "%s ended with exit code %s; starting it again in %.1f s",
                *(self._name, self._process.exitcode, pause),
            )
            await asyncio.sleep(pause)
            self.start()
            with contextlib.suppress(UnderstudyError):
                await self.ready()

    def signal(self, number: int) -> None:
        """Send it a signal, if it is alive."""
        if self._process is not None and self._process.is_alive() and self._process.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, number)

    async def ended(self, give_up: float) -> None:
        """Return once it has ended, by force at that time (of the monotonic clock)."""
        if self._process is None:
            return
        try:
            async with asyncio.timeout(max(0.0, give_up - time.monotonic())):
                await _end_of(self._process)
        except TimeoutError:
            log.warning("%s does not end; it is killed", self._name)
            self._process.kill()
            await _end_of(self._process)


async def _end_of(process: BaseProcess) -> None:
    loop = asyncio.get_running_loop()
    over = loop.create_future()
    loop.add_reader(process.sentinel, _set, over)
    try:
        await over
    finally:
        loop.remove_reader(process.sentinel)
    process.join()


def _set(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)


def _work(settings: Settings, listener: socket.socket | None, says: Connection) -> None:
    """The life of one process."""
    # Ctrl-C goes to every process in the terminal's group: the first one hears it, and tells the others.
    os.setpgid(0, 0)
    set_up(settings.log_level, settings.log_format)
    parent: Any = multiprocessing.parent_process()
    try:
        asyncio.run(serve(settings, on_ready=lambda _: says.send(""), listener=listener, gone=parent.join))
    except UnderstudyError as error:
        says.send(error.message)
    finally:
        says.close()
