"""What a process that runs tasks says of itself."""

import asyncio
import logging
import socket
from collections.abc import Callable

from understudy import __version__
from understudy.engines.cast import Cast
from understudy.errors import StoreUnavailable
from understudy.executors.card_memory import CardMemory
from understudy.executors.main_memory import memory_of_groups
from understudy.tasks.dispatcher import Dispatcher
from understudy.tasks.operations.records import CardReport, EngineReport, ReplicaReport, Report
from understudy.tasks.outage import Outage
from understudy.tasks.store.store import Store

log = logging.getLogger(__name__)

REPORT_SECONDS = 5.0
_AGAIN_SECONDS = 1.0
_FORGOTTEN_SECONDS = 60.0
"""What a process left that said nothing for so long is deleted by the others."""
_LEAVE_SECONDS = 2.0
"""A server that stops does not wait longer for a store that is away."""


class Reporter:
    """Makes reports; where other processes are, it writes one every few seconds."""

    def __init__(
        self,
        *,
        store: Store,
        dispatcher: Dispatcher,
        cast: Cast,
        owner: str,
        clock: Callable[[], float],
        cards: CardMemory | None = None,
    ) -> None:
        """`cards`: the graphics cards of this machine, if replicas run here."""
        self._store = store
        self._dispatcher = dispatcher
        self._cast = cast
        self._owner = owner
        self._clock = clock
        self._cards = cards
        self._outage = Outage("what this process does is not seen by others")
        self._writing: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to write reports, if others may read them."""
        if self._store.shared:
            self._writing = asyncio.create_task(self._write())

    async def stop(self) -> None:
        """Write no more, and withdraw the last one."""
        if self._writing is None:
            return
        self._writing.cancel()
        await asyncio.wait({self._writing})
        try:
            async with asyncio.timeout(_LEAVE_SECONDS):
                await self._store.operating.withdraw(self._owner)
        except (StoreUnavailable, TimeoutError):
            log.info("the last report of this process counts for a while")

    async def report(self) -> Report:
        """As it is now."""
        replicas = self._dispatcher.replicas()
        memory = await _memory({each.pid for each in replicas if each.pid and not each.node})
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
                    memory=0 if each.node else memory.get(each.pid, 0),
                )
                for each in replicas
            ),
            engines=tuple(
                EngineReport(name=name, available=said.ok, reason=said.reason, remedy=said.remedy)
                for name, said in self._cast.answers().items()
            ),
            cards=tuple(
                CardReport(name=name, used=card.used, total=card.total) for name, card in cards.items()
            ),
        )

    async def _write(self) -> None:
        operating = self._store.operating
        while True:
            with self._outage.borne():
                await operating.report(await self.report())
                await operating.forget_reports(self._clock() - _FORGOTTEN_SECONDS)
            # After an outage nobody is to be taken for gone longer than needed.
            await asyncio.sleep(_AGAIN_SECONDS if self._outage.lasts else REPORT_SECONDS)


async def _memory(replicas: set[int]) -> dict[int, int]:
    return await asyncio.to_thread(memory_of_groups, replicas) if replicas else {}
