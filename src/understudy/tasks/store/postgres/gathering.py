"""Work that is asked for while some is under way is done together, next: one round trip for all who wait.

What is asked for is never answered by work that had begun before: a read is as fresh as if it were made alone.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Generic, NamedTuple, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
Work = Callable[[list[Item]], Awaitable[Sequence[Result | Exception]]]
"""Does all of it; a result or an error for each, in order. What it raises is everybody's error."""


class _Asked(NamedTuple, Generic[Item, Result]):
    item: Item
    clash: Hashable
    future: asyncio.Future[Result]


class Gatherer(Generic[Item, Result]):
    """Gathers what is asked for."""

    def __init__(self, work: Work[Item, Result], *, flights: int = 1, most: int = 200) -> None:
        """`flights`: how many pieces of work may be under way; `most`: items in one."""
        self._work = work
        self._flights = flights
        self._most = most
        self._waiting: deque[_Asked[Item, Result]] = deque()
        self._flying = 0
        self._under_way: set[asyncio.Task[None]] = set()

    def ask(self, item: Item, clash: Hashable = None) -> asyncio.Future[Result]:
        """Its result, later. Items with the same `clash`, if it is not None, are not done in one piece."""
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Asked(item, clash, future))
        if self._flying < self._flights:
            self._flying += 1
            flight = asyncio.create_task(self._fly())
            self._under_way.add(flight)
            flight.add_done_callback(self._under_way.discard)
        return future

    async def _fly(self) -> None:
        while batch := self._next():
            results: Sequence[Result | Exception]
            try:
                results = await self._work([asked.item for asked in batch])
            except Exception as error:  # noqa: BLE001 - it reaches those who asked
                results = [error] * len(batch)
            for asked, result in zip(batch, results, strict=True):
                if asked.future.done():
                    continue
                if isinstance(result, Exception):
                    asked.future.set_exception(result)
                else:
                    asked.future.set_result(result)
        self._flying -= 1

    def _next(self) -> list[_Asked[Item, Result]]:
        batch: list[_Asked[Item, Result]] = []
        left: list[_Asked[Item, Result]] = []
        clashes: set[Hashable] = set()
        while self._waiting and len(batch) < self._most:
            asked = self._waiting.popleft()
            if asked.future.cancelled():
                continue
            if asked.clash is not None and asked.clash in clashes:
                left.append(asked)
                continue
            clashes.add(asked.clash)
            batch.append(asked)
        self._waiting.extendleft(reversed(left))
        return batch
