"""What is told of a run while it lasts: its lines and steps as events, the end of its log for the record."""

from collections import deque
from collections.abc import Callable
from typing import Any

from understudy.executors.executor import Line, Progress, RunEvent, Started
from understudy.tasks.events import ERROR, ERROR_FULL, OUTPUT, OUTPUT_FULL, Event
from understudy.tasks.lifecycle import Status

LOG_CHARACTERS = 64 * 1024
"""What is kept of each stream for the record: its end."""


class Log:
    """The end of a stream, bounded."""

    def __init__(self, bound: int = LOG_CHARACTERS) -> None:
        self._bound = bound
        self._lines: deque[str] = deque()
        self._size = 0
        self._cut = False

    def add(self, line: str) -> None:
        """One more line; the oldest give way."""
        self._lines.append(line)
        self._size += len(line) + 1
        while self._size > self._bound and len(self._lines) > 1:
            self._size -= len(self._lines.popleft()) + 1
            self._cut = True

    @property
    def text(self) -> str:
        """The lines, after a mark where earlier ones were cut."""
        return "\n".join([*(["[earlier lines are cut]"] if self._cut else []), *self._lines])


class Journal:
    """The listener of one run: tells events on, and says when the run first gets to a status."""

    def __init__(self, tell: Callable[[Event], None], reach: Callable[[Status], None]) -> None:
        """Neither `tell` nor `reach` may wait; both are called in the order of what happened."""
        self._tell = tell
        self._reach = reach
        self._reached: set[Status] = set()
        self.stdout = Log()
        self.stderr = Log()

    def __call__(self, event: RunEvent) -> None:
        """Hear one event of the run."""
        match event:
            case Started():
                self._first(Status.START)
            case Progress():
                self._first(Status.START, Status.OUTPUT)
                self._tell(Event(OUTPUT, progress_message(event)))
            case Line(stream="stdout", text=text):
                self._first(Status.START, Status.OUTPUT)
                self.stdout.add(text)
                self._tell(Event(OUTPUT, text))
            case Line(text=text):
                self.stderr.add(text)
                self._tell(Event(ERROR, text))

    def conclude(self) -> None:
        """The run is over: tell the whole log."""
        self._tell(Event(OUTPUT_FULL, {"raw": self.stdout.text}))
        if self.stderr.text:
            self._tell(Event(ERROR_FULL, {"raw": self.stderr.text}))

    def _first(self, *statuses: Status) -> None:
        for status in statuses:
            if status not in self._reached:
                self._reached.add(status)
                self._reach(status)


def progress_message(progress: Progress) -> dict[str, Any]:
    """A step as the wire tells it: everything is text, times in whole seconds."""
    return {
        "type": f"progress{progress.stage}",
        "task": progress.stage,
        "percentage": str(round(100 * progress.step / max(1, progress.total))),
        "stepCurrent": str(progress.step),
        "stepTotal": str(progress.total),
        "speed": f"{progress.speed:.1f}",
        "speedType": f"{progress.unit}/s",
        "elapsedTime": f"{progress.elapsed:.0f}s",
        "remainingTime": f"{progress.remaining:.0f}s",
    }
