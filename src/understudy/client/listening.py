"""Who hears of a task's events: a callback for all of them, and one for progress alone."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from understudy.client.events import Event, Progress

OnEvent = Callable[[Event], None]
OnProgress = Callable[[int, int, str], None]
"""Hears step, total and stage: so many steps of a stage are done."""


@contextmanager
def listening(on_event: OnEvent | None, progress: OnProgress | None) -> Iterator[OnEvent]:
    """One callback for both. A `progress` that is a context manager, as `bar()`, is entered for that time."""
    with progress if isinstance(progress, AbstractContextManager) else nullcontext():

        def hear(event: Event) -> None:
            if on_event is not None:
                on_event(event)
            if progress is not None and isinstance(event, Progress):
                progress(event.step, event.total, event.stage)

        yield hear
