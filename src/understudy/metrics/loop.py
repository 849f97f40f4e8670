"""How late the event loop is: what waits in it for something else is late by as much."""

import asyncio

_BEAT_SECONDS = 0.1


class LoopLag:
    """Looks ten times a second; that costs a thousandth of a core."""

    def __init__(self) -> None:
        self._worst = 0.0
        self._due = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin, on the running event loop."""
        self._schedule(asyncio.get_running_loop())

    def stop(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()

    def worst(self) -> float:
        """The longest that the loop was late since this was last asked; seconds."""
        worst, self._worst = self._worst, 0.0
        return worst

    def _schedule(self, loop: asyncio.AbstractEventLoop) -> None:
        self._due = loop.time() + _BEAT_SECONDS
        self._timer = loop.call_at(self._due, self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        self._worst = max(self._worst, loop.time() - self._due)
        self._schedule(loop)
