"""What happens to tasks, told to whoever watches: kept for late subscribers, bounded, without gap or double.

A task's channel opens with its first event or its first subscriber, and closes a while after its terminal event.
Everything here happens on one event loop, so that a subscription and what it is given first are one step.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

import msgspec

from understudy.tasks.bus import Told
from understudy.tasks.lifecycle import PATH, is_terminal, steps

OUTPUT = "task_output"
ERROR = "task_error"
OUTPUT_FULL = "task_output_full"
ERROR_FULL = "task_error_full"

_RANK = {status.value: rank for rank, status in enumerate(PATH)}


def _rank(status: str) -> int:
    return _RANK.get(status, len(PATH))


class Event(msgspec.Struct, frozen=True):
    """One thing that happened: a status reached, a line printed, a step done."""

    type: str
    """A status (`lifecycle.Status`) or one of the log events above."""
    message: Any = None
    status: bool = False
    """Whether it is a change of status; `task_output` and `task_error` can be both."""

    @property
    def ends(self) -> bool:
        """Whether nothing comes after it."""
        return self.status and is_terminal(self.type)

    @property
    def is_progress(self) -> bool:
        """Whether a later one makes it worthless."""
        return self.type == OUTPUT and isinstance(self.message, dict)


class Subscription:
    """One watcher of one task: iterate over it for the events since it subscribed."""

    def __init__(self, kept: list[Event], bound: int) -> None:
        self.kept = kept
        """What happened before, without changes of status."""
        self._queue: deque[Event] = deque()
        self._bound = bound
        self._rank = -1
        """Of the latest status that the watcher knows."""
        self._filled = asyncio.Event()

    def put(self, event: Event) -> None:
        """Called by the channel. A watcher that does not keep up loses log lines, never a change of status."""
        if not self._is_news(event) or (len(self._queue) >= self._bound and not event.status):
            return
        self._queue.append(event)
        self._filled.set()

    async def next(self) -> Event:
        """The next event; waits for it."""
        while not self._queue:
            self._filled.clear()
            await self._filled.wait()
        return self._queue.popleft()

    def skip_to(self, status: str) -> None:
        """Pass over changes of status that a watcher who was told `status` knows already.

        A status is on disk before it is told: what the watcher read there may be told only now.
        """
        self._rank = _rank(status)
        waiting, self._queue = self._queue, deque()
        for event in waiting:
            self.put(event)

    def _is_news(self, event: Event) -> bool:
        if not event.status:
            return True
        rank = _rank(event.type)
        if rank <= self._rank and not rank == 0 < self._rank:  # back in the queue, it begins anew
            return False
        self._rank = rank
        return True


class Events:
    """All channels of this process."""

    def __init__(
        self,
        kept: int = 1000,
        linger: float = 30.0,
        ended: Callable[[int], None] = lambda _: None,
        tell: Callable[[Told], None] = lambda _: None,
    ) -> None:
        """`kept`: events a task; 0 where nobody watches, and only ends count. `linger`: seconds that a channel stays
        after the end of its task, `ended` is called with whatever task is over, `tell` tells other processes.
        """
        self._kept = kept
        self._linger = linger
        self._ended = ended
        self._tell = tell
        self._channels: dict[int, _Channel] = {}

    def publish(self, task: int, event: Event) -> None:
        """Tell everyone who watches, here and elsewhere, and keep it for those who come later."""
        self._tell(Told(task, event.type, event.message, event.status))
        self.hear(task, event)

    def watched(self) -> list[int]:
        """The tasks that somebody watches here and that are not over, as far as it is known."""
        return [task for task, channel in self._channels.items() if channel.watchers and not channel.over]

    def silent(self, seconds: float) -> list[int]:
        """The tasks that nobody watches here, that are not over, and of which nothing was heard for so long.

        Each is named twice, a moment apart, and then no more for as long again (see `catch_up`).
        """
        now = asyncio.get_running_loop().time()
        return [
            task
            for task, channel in self._channels.items()
            if not channel.over and not channel.watchers and channel.is_silent(now, seconds)
        ]

    def hear(self, task: int, event: Event) -> None:
        """What was told here or by another process."""
        if not self._kept:
            if event.ends:
                self._ended(task)
            return
        channel = self._channel(task)
        if channel.over:
            return
        channel.publish(event)
        if event.ends:
            self._ended(task)
            asyncio.get_running_loop().call_later(self._linger, self._channels.pop, task, None)

    def catch_up(self, task: int, event: Event) -> None:
        """The store says so of a task that is watched here. Told if it says the same a second time, and nobody else did."""
        channel = self._channels.get(task)
        if channel is None or channel.over or channel.is_told(event.type):
            return
        passed = steps(channel.status, event.type) if channel.status else (event.type,)
        for status in passed[:-1]:
            self.hear(task, Event(status, status=True))
        self.hear(task, event)

    def subscribe(self, task: int) -> Subscription:
        """Watch a task from now on."""
        channel = self._channel(task)
        subscription = Subscription(channel.kept(), self._kept)
        channel.watchers.append(subscription)
        return subscription

    def unsubscribe(self, task: int, subscription: Subscription) -> None:
        """Stop watching."""
        channel = self._channels.get(task)
        if channel and subscription in channel.watchers:
            channel.watchers.remove(subscription)
            if not channel.watchers and channel.empty:
                del self._channels[task]

    def __len__(self) -> int:
        return len(self._channels)

    def _channel(self, task: int) -> "_Channel":
        channel = self._channels.get(task)
        if channel is None:
            channel = self._channels[task] = _Channel(self._kept)
        return channel


class _Channel:
    def __init__(self, bound: int) -> None:
        self.watchers: list[Subscription] = []
        self._lines: deque[Event] = deque(maxlen=bound)
        self._progress: Event | None = None
        self._suspected = ""
        self._heard = asyncio.get_running_loop().time()
        self._asked_after = False
        self.status = ""
        """The last that was told; "" if none was."""
        self.over = False

    @property
    def empty(self) -> bool:
        return not self._lines and self._progress is None and not self.over

    def publish(self, event: Event) -> None:
        self.over = event.ends
        self._heard, self._asked_after = asyncio.get_running_loop().time(), False
        if event.status:
            self.status, self._suspected = event.type, ""
        if event.is_progress:
            self._progress = event
        elif not event.status:
            self._lines.append(event)
        for watcher in self.watchers:
            watcher.put(event)

    def is_told(self, status: str) -> bool:
        """Whether it was told, or may be on its way: what is asked about for the first time may be."""
        if status == self.status:
            self._suspected = ""
            return True
        before, self._suspected = self._suspected, status
        return before != status

    def is_silent(self, now: float, seconds: float) -> bool:
        """Whether nothing was heard, or asked, for so long; twice in a row."""
        if now - self._heard < seconds:
            return False
        if self._asked_after:
            self._heard, self._asked_after = now, False
        else:
            self._asked_after = True
        return True

    def kept(self) -> list[Event]:
        return [*self._lines, *([self._progress] if self._progress else [])]
