"""The server in the foreground: from the first request that is answered to the last task that is brought to its end."""

import asyncio
import contextlib
import gc
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext

from understudy import data_folder
from understudy.assembly import assembled
from understudy.config import Settings
from understudy.errors import ConfigurationError
from understudy.http_server import HttpServer, address_of, http_config, listening
from understudy.last_resort import LastResort
from understudy.stores import is_shared
from understudy.tasks.dispatcher import Dispatcher

DISPATCHER_PORT = 8421
"""Where a process that only runs tasks answers its operator, if no other port is named."""
STOP_SECONDS = 20.0
"""For everything that a stop takes beside `drain_seconds`: what is not over then is left as a crash leaves it."""


async def serve(
    settings: Settings,
    *,
    on_ready: Callable[[str], None] | None = None,
    listener: socket.socket | None = None,
    gone: Callable[[], None] | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM; `on_ready` hears the base address once requests are answered.

    After the signal nothing more is claimed; running tasks may end for `drain_seconds`, the rest go back to the
    queue. A second signal ends the wait. Where the rest takes longer than `STOP_SECONDS`, the process ends as it is.
    `listener`: a socket that listens already. `gone`: blocks until whoever started this process is gone, which is as
    good as a signal. Raises `ConfigurationError` if it cannot start.
    """
    shared = is_shared(settings)
    if settings.role != "all" and not shared:
        raise ConfigurationError(
            f"role = {settings.role} takes a database that several processes share: set database to"
            " postgresql://USER:PASSWORD@HOST/NAME."
        )
    if settings.role == "dispatcher" and not settings.url:
        raise ConfigurationError(
            "role = dispatcher: set server.url (--url) to the address where clients reach the processes that answer"
            " them; webhooks and partners are told it."
        )
    folder = data_folder.make(settings.data)
    lock = nullcontext() if shared else data_folder.locked(folder)
    with lock, _listening(settings, listener) as listening_on:
        url = settings.url.rstrip("/") or address_of(listening_on)
        async with assembled(settings, folder, url) as server:
            http = HttpServer(http_config(server.app))
            stop, last_resort = _Signals(gone), LastResort()
            serving = asyncio.create_task(http.serve(sockets=[listening_on]))
            try:
                await http.answers(serving)
                if settings.role != "dispatcher":
                    data_folder.note_url(folder, url)
                _collect_less_often()
                if on_ready is not None:
                    on_ready(address_of(listening_on) if settings.role == "dispatcher" else url)
                await stop.first.wait()
                if server.dispatcher is not None:
                    last_resort.within(settings.drain_seconds + STOP_SECONDS)
                    await _drain(server.dispatcher, settings.drain_seconds, stop, last_resort)
            finally:
                last_resort.within(STOP_SECONDS)
                http.should_exit = True
                await serving


@contextmanager
def _listening(settings: Settings, listener: socket.socket | None) -> Iterator[socket.socket]:
    if listener is not None:
        with listener:
            yield listener
        return
    other = settings.role == "dispatcher" and settings.origin("port") == "default"
    with listening(settings.host, DISPATCHER_PORT if other else settings.port) as made:
        yield made


def _collect_less_often() -> None:
    """What was assembled stays, so the garbage collector need not look through it again and again.

    Requests leave hardly any cycles behind; with the default thresholds looking for them takes 6% of a Run.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


class _Signals:
    """SIGINT and SIGTERM, counted."""

    def __init__(self, gone: Callable[[], None] | None = None) -> None:
        self.first = asyncio.Event()
        self.second = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._heard)
        if gone is not None:

            def wait() -> None:
                gone()
                with contextlib.suppress(RuntimeError):  # it has ended already
                    loop.call_soon_threadsafe(self._heard)

            threading.Thread(target=wait, daemon=True).start()

    def _heard(self) -> None:
        (self.second if self.first.is_set() else self.first).set()


async def _drain(dispatcher: Dispatcher, seconds: float, stop: _Signals, last_resort: LastResort) -> None:
    stopping = asyncio.create_task(dispatcher.stop(seconds))
    hurried = asyncio.create_task(stop.second.wait())
    await asyncio.wait({stopping, hurried}, return_when=asyncio.FIRST_COMPLETED)
    if not stopping.done():
        last_resort.within(STOP_SECONDS)
        dispatcher.hurry()
    hurried.cancel()
    await stopping
