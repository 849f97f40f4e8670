"""Following one task to its end, whatever the connection does. No I/O happens here.

The socket tells what happens; when it breaks, the task is asked for and the socket is tried again. A server that
replays what it has told before must not make a caller hear it twice.
"""

from typing import Any

import msgspec

from understudy.client.events import Event, LogLine, StatusChanged, event_of
from understudy.client.records import TERMINAL, Task

SILENCE = 30.0
"""Seconds without a word on the socket after which the task is asked for."""
PATIENCE = 60.0
"""Seconds that a server may be away in the middle of a wait: as long as a restart takes, generously."""
SOCKET_ATTEMPTS = 3
"""After so many sockets in a row that told nothing, only the task is asked for."""

_BEFORE_START = frozenset(
    {"", "task_queue", "task_accept", "task_preprocess_start", "task_preprocess_end", "task_assign"}
)


class Watch:
    """What has been heard of one task."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.ended: Task | None = None
        """Its record, once it is over."""
        self.over = False
        self.unclear = False
        """Whether the socket has said something that only the task's record can explain."""
        self.useless_sockets = 0
        self._status = ""
        self._lines: list[LogLine] = []
        self._replayed = 0

    @property
    def wants_socket(self) -> bool:
        """Whether another socket is worth a try."""
        return self.useless_sockets < SOCKET_ATTEMPTS

    def attempt(self) -> None:
        """A socket is being tried: it counts as useless until it tells something."""
        self.useless_sockets += 1

    def subscribe(self) -> str:
        """The message that a new socket begins with."""
        self._replayed = 0
        self.unclear = False
        return msgspec.json.encode({"type": "task_info", "tasktoken": self.token}).decode()

    def hear(self, message: str | bytes) -> Event | None:
        """One message of the socket: its event, if it tells something new. What is not understood is passed over."""
        try:
            wire: Any = msgspec.json.decode(message)
        except msgspec.DecodeError:
            return None
        if not isinstance(wire, dict) or wire.get("tasktoken", self.token) != self.token:
            return None
        event = event_of(wire)
        if wire.get("result") is False or self._may_be_the_end(event):
            self.unclear = True
            return None
        if event is None:
            return None
        self.useless_sockets = 0
        return event if self._is_news(event) else None

    def miss(self) -> None:
        """The server is away: that its sockets fail says nothing about sockets."""
        self.useless_sockets = 0

    def see(self, task: Task) -> Event | None:
        """The task's own record: its status as an event, if that is new."""
        if task.over:
            self.ended = task
        event = StatusChanged(task.status)
        return event if self._is_news(event) else None

    def _may_be_the_end(self, event: Event | None) -> bool:
        """A line of the error log and "could not be started" look alike; before the start it is the latter."""
        return isinstance(event, LogLine) and event.stream == "stderr" and self._status in _BEFORE_START

    def _is_news(self, event: Event) -> bool:
        match event:
            case StatusChanged(status=status):
                if status == self._status:
                    return False
                self._status = status
                self.over = status in TERMINAL
            case LogLine():
                if event in self._lines[self._replayed :]:
                    self._replayed = self._lines.index(event, self._replayed) + 1
                    return False
                self._lines.append(event)
                self._replayed = len(self._lines)
        return True
