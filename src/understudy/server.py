"""The server in the foreground: from the first request that is answered to the last task that is brought to its end."""

import asyncio
import gc
import signal
from collections.abc import Callable

from understudy import data_folder
from understudy.assembly import assembled
from understudy.config import Settings
from understudy.http_server import HttpServer, address_of, http_config, listening
from understudy.tasks.dispatcher import Dispatcher


async def serve(settings: Settings, *, on_ready: Callable[[str], None] | None = None) -> None:
    """Serve until SIGINT or SIGTERM; `on_ready` hears the base address once requests are answered.

    After the signal nothing more is claimed; running tasks may end for `drain_seconds`, the rest go back to the
    queue. A second signal ends the wait. Raises `ConfigurationError` if it cannot start.
    """
    folder = data_folder.make(settings.data)
    with data_folder.locked(folder), listening(settings.host, settings.port) as listener:
        url = settings.url.rstrip("/") or address_of(listener)
        async with assembled(settings, folder, url) as (app, dispatcher):
            http = HttpServer(http_config(app))
            stop = _Signals()
            serving = asyncio.create_task(http.serve(sockets=[listener]))
            try:
                await http.answers(serving)
                data_folder.note_url(folder, url)
                _collect_less_often()
                if on_ready is not None:
                    on_ready(url)
                await stop.first.wait()
                await _drain(dispatcher, settings.drain_seconds, stop)
            finally:
                http.should_exit = True
                await serving


def _collect_less_often() -> None:
    """What was assembled stays, so the garbage collector need not look through it again and again.

    Requests leave hardly any cycles behind; with the default thresholds looking for them takes 6% of a Run.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


class _Signals:
    """SIGINT and SIGTERM, counted."""

    def __init__(self) -> None:
        self.first = asyncio.Event()
        self.second = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._heard)

    def _heard(self) -> None:
        (self.second if self.first.is_set() else self.first).set()


async def _drain(dispatcher: Dispatcher, seconds: float, stop: _Signals) -> None:
    stopping = asyncio.create_task(dispatcher.stop(seconds))
    hurried = asyncio.create_task(stop.second.wait())
    await asyncio.wait({stopping, hurried}, return_when=asyncio.FIRST_COMPLETED)
    if not stopping.done():
        dispatcher.hurry()
    hurried.cancel()
    await stopping
