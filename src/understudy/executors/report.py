"""What a pipeline calls after each step: measures speed, keeps the events few, and stops a cancelled run."""

import threading
import time
from collections.abc import Callable

from understudy.errors import Cancelled
from understudy.executors.executor import Progress

INTERVAL = 0.05
"""Seconds between two events of one stage: 20 a second are more than an eye can follow."""


class Reporter:
    """The `Report` of one run; any thread of the pipeline may call it.

    The first and the last step of a stage are always sent, those between at most every `INTERVAL` seconds, and none
    twice in a row: a pipeline may call it with the same step again, only to hear whether it is to go on.
    """

    def __init__(
        self,
        send: Callable[[Progress], None],
        cancelled: Callable[[], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._send = send
        self._cancelled = cancelled
        self._clock = clock
        self._lock = threading.Lock()
        self._over = False
        self._stage: str | None = None
        self._began = self._latest = self._sent = clock()
        self._first_step = self._sent_step = 0
        self._complete = False

    def __call__(self, step: int, total: int, /, *, stage: str = "Generate", unit: str = "it") -> None:
        """`step` of `total` is done. Raises `Cancelled` if the run was asked to stop, or is over."""
        if self._over or self._cancelled():
            raise Cancelled("The run was asked to stop.")
        with self._lock:
            now = self._clock()
            first = stage != self._stage
            if first:
                self._begin(stage, 0, self._latest)
            if first and step <= 0:
                self._begin(stage, step, now)
            self._latest = now
            last = step >= total and not self._complete
            due = now - self._sent >= INTERVAL and step != self._sent_step
            if not (first or last or due):
                return
            self._sent = now
            self._sent_step = step
            self._complete = step >= total
            self._send(self._progress(int(step), int(total), str(stage), str(unit), now))

    def end(self) -> None:
        """The run is over: a thread that still reports is told to stop."""
        self._over = True

    def _begin(self, stage: str, step: int, now: float) -> None:
        self._stage = stage
        self._began = now
        self._first_step = step
        self._sent = now
        self._complete = False

    def _progress(self, step: int, total: int, stage: str, unit: str, now: float) -> Progress:
        elapsed = now - self._began
        speed = max(0, step - self._first_step) / elapsed if elapsed > 0 else 0.0
        return Progress(
            stage=stage,
            step=step,
            total=total,
            unit=unit,
            speed=speed,
            elapsed=elapsed,
            remaining=max(0, total - step) / speed if speed > 0 else 0.0,
        )
