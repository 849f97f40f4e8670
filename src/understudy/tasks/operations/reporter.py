"""What a process that runs tasks says of itself."""

import socket
from collections.abc import Callable

from understudy import __version__
from understudy.catalogue.catalogue import Catalogue
from understudy.engines.cast import Cast
from understudy.executors.card_memory import CardMemory
from understudy.tasks.dispatcher import Dispatcher
from understudy.tasks.operations.records import CardReport, EngineReport, ReplicaReport, Report
from understudy.tasks.store.store import Store


class Reporter:
    """Makes reports; where other processes are, it writes one every few seconds."""

    def __init__(
        self,
        *,
        store: Store,
        dispatcher: Dispatcher,
        cast: Cast,
        catalogue: Catalogue,
        owner: str,
        clock: Callable[[], float],
        cards: CardMemory | None = None,
    ) -> None:
        """`cards`: the graphics cards of this machine, if replicas run here."""
        self._store = store
        self._dispatcher = dispatcher
        self._cast = cast
        self._catalogue = catalogue
        self._owner = owner
        self._clock = clock
        self._cards = cards

    async def start(self) -> None:
        """Begin to write reports, if others may read them."""

    async def stop(self) -> None:
        """Write no more, and withdraw the last one."""

    async def report(self) -> Report:
        """As it is now."""
        cards = await self._cards.read() if self._cards else {}
        return Report(
            owner=self._owner,
            at=self._clock(),
            host=socket.gethostname(),
            version=__version__,
            running=dict(self._dispatcher.running_by_engine),
            replicas=tuple(
                ReplicaReport(
                    engine=each.engine,
                    state=each.state,
                    pid=each.pid,
                    node=each.node,
                    job=each.job,
                    since=each.since,
                    runs=each.runs,
                )
                for each in self._dispatcher.replicas()
            ),
            engines=tuple(
                EngineReport(name=each.name, available=each.available, reason=each.reason, remedy=each.remedy)
                for each in self._cast.describe(self._catalogue.models)
            ),
            cards=tuple(
                CardReport(name=name, used=memory.used, total=memory.total) for name, memory in cards.items()
            ),
        )
