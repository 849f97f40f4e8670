"""Watching a task: its present state first, then everything that follows, nothing lost and nothing twice."""

from collections.abc import AsyncGenerator

from understudy.errors import NotFound
from understudy.log import add_to_context
from understudy.tasks.about import log_fields
from understudy.tasks.events import Event, Events
from understudy.tasks.lifecycle import is_terminal
from understudy.tasks.records import Task
from understudy.tasks.store.store import Store


async def watch(store: Store, events: Events, token: str) -> AsyncGenerator[tuple[Task, Event], None]:
    """The task's events, each with the task as it was when the watch began; ends after the terminal one.

    The subscription begins before the state is read, and what the state already tells is skipped: so there is
    neither gap nor double. The token is the credential. Raises `NotFound`.
    """
    task = await store.task_by_token(token)
    if task is None:
        raise NotFound("There is no task yet.")
    add_to_context(**log_fields(task))
    subscription = events.subscribe(task.id)
    try:
        task = await store.task_by_token(token) or task
        subscription.skip_to(task.status)
        if is_terminal(task.status):
            yield task, Event(task.status, task.reason or None, status=True)
            return
        yield task, Event(task.status, status=True)
        for event in subscription.kept:
            yield task, event
        while True:
            event = await subscription.next()
            yield task, event
            if event.ends:
                return
    finally:
        events.unsubscribe(task.id, subscription)
