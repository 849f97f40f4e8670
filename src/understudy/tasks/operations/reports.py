"""What the processes of an installation say of themselves."""

from collections.abc import Awaitable, Callable

from understudy.tasks.operations.records import Report
from understudy.tasks.store.store import Store

FRESH_SECONDS = 15.0
"""A process that has said nothing for so long is gone."""


class Reports:
    """Reads them; the one of this process, if it runs tasks, is made when it is asked for."""

    def __init__(
        self,
        store: Store,
        clock: Callable[[], float],
        own: Callable[[], Awaitable[Report]] | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._own = own

    async def all(self) -> list[Report]:
        """Of every process that runs tasks now, by their names."""
        own = [await self._own()] if self._own else []
        if not self._store.shared:
            return own
        others = await self._store.operating.reports(self._clock() - FRESH_SECONDS)
        names = {each.owner for each in own}
        return sorted(
            [*own, *(each for each in others if each.owner not in names)], key=lambda each: each.owner
        )
