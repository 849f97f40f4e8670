"""A task in the hands of a run: what becomes of it is on disk before anyone is told.

Where a write finds that the task is no longer ours (killed, lease lost), `Lost` ends the run, and its result is thrown away.
"""

import asyncio
import logging
from collections.abc import Mapping

from understudy.errors import StoreUnavailable
from understudy.tasks import lifecycle
from understudy.tasks.about import outcome_of
from understudy.tasks.events import Event, Events
from understudy.tasks.lifecycle import Change
from understudy.tasks.records import Task
from understudy.tasks.store.store import Store
from understudy.tracing.tracer import Span

log = logging.getLogger(__name__)

_STORE_RETRY_SECONDS = (0.1, 0.5, 1.0, 2.0, 4.0)
_LOG_SECONDS = 3.0
"""A run that is stopped holds its engine until its log is kept."""


class Lost(Exception):
    """The task is no longer ours."""


class HeldTask:
    """One claimed task."""

    def __init__(self, store: Store, events: Events, task: Task) -> None:
        self.task = task
        """As it was written last."""
        self.span: Span | None = None
        """Of its run."""
        self._store = store
        self._events = events

    async def write(self, change: Change) -> None:
        """Carry out a change, then tell of it. Raises `Lost`, or `StoreUnavailable` after trying for some seconds."""
        before = self.task.status
        task = await self._apply(change)
        if task is None:
            raise Lost
        self.task = task
        if task.status == before:
            return
        for status in lifecycle.steps(before, task.status):
            ends = status == task.status and change.ends
            self.tell(Event(status, (task.reason or None) if ends else None, status=True))
            if self.span is not None:
                self.span.event(status)
        if self.span is not None and change.ends:
            self.span.set({"understudy.outcome": outcome_of(task)})

    def tell(self, event: Event) -> None:
        """Tell those who watch the task."""
        self._events.publish(self.task.id, event)

    async def keep_log(self, logs: Mapping[str, str]) -> None:
        """Keep what a run had said that does not end the task itself: whoever killed it sees it."""
        if not any(logs.values()):
            return
        try:
            async with asyncio.timeout(_LOG_SECONDS):
                await self._store.keep_log(self.task.id, self.task.attempts, **logs)
        except (StoreUnavailable, TimeoutError) as error:
            log.warning("the log of task %d is lost: %s", self.task.id, error.__cause__ or error)

    async def _apply(self, change: Change) -> Task | None:
        for pause in _STORE_RETRY_SECONDS:
            try:
                return await self._store.apply(self.task.id, change)
            except StoreUnavailable:
                log.warning(
                    "task %d: the store cannot be written; trying again in %.1f s", self.task.id, pause
                )
                await asyncio.sleep(pause)
        return await self._store.apply(self.task.id, change)
