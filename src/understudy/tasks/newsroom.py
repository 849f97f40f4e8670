"""The news of this installation, brought to whoever has to do with them here."""

import asyncio
import itertools
import logging
from collections.abc import Callable

from understudy.tasks.bus import Bus, Called, Message, Told, Waits
from understudy.tasks.events import Event, Events
from understudy.tasks.lifecycle import is_terminal
from understudy.tasks.outage import Outage
from understudy.tasks.store.store import Store

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
"""How often it is looked whether a watched task went on without a word: who did it may have died before it told."""
SILENT_SECONDS = 60.0
"""Of what nobody watches, only after so long a silence: what is kept for those who come later must not stay for ever."""
_SELDOM = 10
"""Looks until it is looked for such silence."""


class Newsroom:
    """Hears the bus, and looks after those who watch."""

    def __init__(
        self,
        bus: Bus,
        store: Store,
        events: Events,
        *,
        waits: Callable[[str], None] = lambda _: None,
        over: Callable[[int], None] = lambda _: None,
        called: Callable[[str], object] = lambda _: None,
    ) -> None:
        """`waits`: a task of that model waits. `over`: that task has ended elsewhere. `called`: that hook was called."""
        self._bus = bus
        self._store = store
        self._events = events
        self._waits = waits
        self._over = over
        self._called = called
        self._outage = Outage("what happens to watched tasks may be heard of late")
        self._looking: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to listen."""
        await self._bus.start(self._hear)
        if self._store.shared:
            self._looking = asyncio.create_task(self._look())

    async def stop(self) -> None:
        """Send what is left, and listen no more."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)
        await self._bus.close()

    def _hear(self, message: Message) -> None:
        match message:
            case Told():
                self._events.hear(message.task, Event(message.type, message.message, message.status))
                if message.status and is_terminal(message.type):
                    self._over(message.task)
            case Waits():
                self._waits(message.model)
            case Called():
                self._called(message.hook)

    async def _look(self) -> None:
        for look in itertools.count(1):
            await asyncio.sleep(LOOK_SECONDS)
            tasks = self._events.watched()
            if look % _SELDOM == 0:
                tasks += self._events.silent(SILENT_SECONDS)
            if not tasks:
                continue
            try:
                with self._outage.borne():
                    for task, (status, reason) in (await self._store.statuses(tasks)).items():
                        self._events.catch_up(task, Event(status, reason or None, status=True))
            except Exception:
                log.exception("watched tasks are looked at again later")
