"""The last resort of a server that stops: at its time the process ends, whatever still goes on.

Every step of the stop has a bound of its own, or none; together they may take minutes where the database, the storage
and a partner are all away, and a look-up of a name cannot be broken off at all. What is left undone then is what a crash
leaves undone: leases run out, notes of the shelf are swept, replicas end with the server.
"""

import asyncio
import gc
import inspect
import logging
import math
import os
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

log = logging.getLogger(__name__)

EXIT_CODE = 1
"""Of a process that was ended so."""
_LAST_WORDS_SECONDS = 1.0
"""For the line in the log: who reads it may have stopped reading."""
_MOST_NAMED = 12


class LastResort:
    """Nothing happens before a time is set. What keeps the interpreter from ending counts, too."""

    def __init__(self) -> None:
        self._due = math.inf
        self._set = threading.Condition()
        self._loop: asyncio.AbstractEventLoop | None = None

    def within(self, seconds: float) -> None:
        """The process ends after so long at the latest; a time that was set before holds if it is earlier.

        To be called on the event loop whose tasks are named then.
        """
        with self._set:
            if self._loop is None:
                self._loop = asyncio.get_running_loop()
                threading.Thread(target=self._wait, name="last resort", daemon=True).start()
            self._due = min(self._due, time.monotonic() + seconds)
            self._set.notify()

    def _wait(self) -> None:
        began = time.monotonic()
        with self._set:
            while (left := self._due - time.monotonic()) > 0:
                self._set.wait(left)
        words = threading.Thread(target=self._say, args=(time.monotonic() - began,), daemon=True)
        words.start()
        words.join(_LAST_WORDS_SECONDS)
        os._exit(EXIT_CODE)

    def _say(self, seconds: float) -> None:
        assert self._loop is not None
        named = [*_tasks(self._loop), *_threads()]
        more = f" and {len(named) - _MOST_NAMED} more" if len(named) > _MOST_NAMED else ""
        log.error(
            "the server did not stop within %.0f s and is ended; what still went on: %s%s",
            *(seconds, "; ".join(named[:_MOST_NAMED]) or "nothing of its own", more),
        )


def _tasks(loop: asyncio.AbstractEventLoop) -> Iterator[str]:
    """Each that is not over, with where it stands, those first that are in the middle of most."""
    standing = {task.get_name(): list(_standing(task.get_coro())) for task in asyncio.all_tasks(loop)}
    for name, functions in sorted(standing.items(), key=lambda each: -len(each[1])):
        yield f"{name} in {' > '.join(functions)}"


def _threads() -> Iterator[str]:
    """Those that the end of the program waits for, but for those that have nothing to do."""
    frames = sys._current_frames()
    for thread in threading.enumerate():
        frame = frames.get(thread.ident or 0)
        if thread.daemon or thread is threading.main_thread() or frame is None:
            continue
        if frame.f_code.co_qualname != "_worker":
            yield f"{thread.name} in {frame.f_code.co_qualname}"


def _standing(awaited: Any) -> Iterator[str]:
    """The names of the functions that wait for each other, the outermost first."""
    while awaited is not None:
        kind = next((each for each in ("cr", "ag", "gi") if hasattr(awaited, f"{each}_frame")), "")
        if kind:
            if (frame := getattr(awaited, f"{kind}_frame")) is not None:
                yield frame.f_code.co_qualname
            awaited = getattr(awaited, f"{kind}_yieldfrom" if kind == "gi" else f"{kind}_await")
        else:
            # One step of an asynchronous generator names it in no attribute.
            awaited = next(filter(inspect.isasyncgen, gc.get_referents(awaited)), None)
