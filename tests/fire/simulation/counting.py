"""A store whose every question is counted."""

from collections import Counter
from typing import Any

from tests.fire.simulation.loop import VirtualLoop
from understudy.tasks.store.store import Store


class Counted:
    """Stands in front of a `Store`; while it is asked, no virtual time passes."""

    def __init__(self, store: Store, loop: VirtualLoop) -> None:
        self._store = store
        self._loop = loop
        self.shared = store.shared
        self.asked: Counter[str] = Counter()
        """How often, by method."""

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)

        async def ask(*given: Any, **named: Any) -> Any:
            self.asked[name] += 1
            return await self._loop.outside(method(*given, **named))

        setattr(self, name, ask)
        return ask
