"""Engines that operators hold, where their replicas are: what is drained or to be unloaded now is unloaded.

That paused and drained engines take up nothing is the dispatcher's affair, and the cast's.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

from understudy.tasks.operations.decisions import Decisions

log = logging.getLogger(__name__)

_LOOK_SECONDS = 1.0
"""While an engine is drained: how often it is looked for replicas that have become idle."""


class Holds:
    """Of one process that runs tasks."""

    def __init__(
        self, decisions: Decisions, *, unload: Callable[[str], int], wake: Callable[[], None]
    ) -> None:
        """`unload`: see `Executor`; `wake` is called when an engine may take up tasks again."""
        self._decisions = decisions
        self._unload = unload
        self._wake = wake
        # A process that has just begun has no replicas that older decisions could be about.
        self._unloads = dict(decisions.unloads)
        self._changed = asyncio.Event()
        self._going: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Carry out what is decided from now on."""
        self._decisions.on_change(self._changed.set)
        self._going = asyncio.create_task(self._go())

    async def stop(self) -> None:
        """Carry out nothing more."""
        if self._going is not None:
            self._going.cancel()
            await asyncio.wait({self._going})

    async def _go(self) -> None:
        while True:
            self._changed.clear()
            drained = self._carry_out()
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_SECONDS if drained else None):
                    await self._changed.wait()
                    self._wake()

    def _carry_out(self) -> bool:
        """Unload what is to be unloaded now; returns whether there is anything to come back for."""
        unloads = self._decisions.unloads
        told = {engine for engine, id in unloads.items() if id > self._unloads.get(engine, 0)}
        self._unloads = dict(unloads)
        drained = {engine for engine, hold in self._decisions.held.items() if hold == "drained"}
        for engine in told | drained:
            if number := self._unload(engine):
                log.info("%d idle replicas of engine %s are unloaded: an operator wants it", number, engine)
        return bool(drained)
