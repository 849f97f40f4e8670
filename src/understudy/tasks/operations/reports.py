"""What the processes of an installation say of themselves."""

from collections.abc import Awaitable, Callable, Mapping

from understudy.engines.engine import Availability
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

    async def answers(self) -> Mapping[str, Availability] | None:
        """What engines answer where they would run, by name: one that is available somewhere is available.

        None where nobody but this process can say: it is the only one, or none that runs tasks is there.
        """
        if not self._store.shared:
            return None
        found: dict[str, Availability] = {}
        for report in await self._store.operating.reports(self._clock() - FRESH_SECONDS):
            for each in report.engines:
                if each.name not in found or (each.available and not found[each.name].ok):
                    found[each.name] = Availability(each.available, each.reason, each.remedy)
        return found or None
