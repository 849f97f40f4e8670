"""What all parts of the store work with: the connections, what is under way, the clock."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

from understudy.errors import StoreUnavailable
from understudy.tasks.store.postgres.connections import Connections, Doubtful
from understudy.tasks.store.postgres.gathering import Item, Result

if TYPE_CHECKING:
    from asyncpg import Record

log = logging.getLogger(__name__)

T = TypeVar("T")

_DOUBT_SECONDS = (0.05, 0.2, 0.5, 1.0, 2.0, 2.0, 2.0, 2.0)
"""Pauses between the looks at what came of a statement whose answer was lost; together longer than one may take."""
_AT_WORK = "SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND state <> 'idle'"


def now(parameter: int) -> str:
    """For a statement: the database's clock, unless a time is bound to that parameter (see `Database.at`)."""
    return f"coalesce(${parameter}::double precision, extract(epoch FROM statement_timestamp())::double precision)"


class Database:
    """One database, as one process uses it."""

    def __init__(self, connections: Connections, *, own_clock: bool = True) -> None:
        """`own_clock`: time is what the database says; otherwise what its callers say."""
        self.connections = connections
        self._own_clock = own_clock
        self._under_way: set[asyncio.Future[Any]] = set()

    async def fetch(self, sql: str, *cells: Any) -> "list[Record]":
        """The rows that a statement returns. Raises `StoreUnavailable`."""
        return await self.carry_out(self.connections.fetch(sql, *cells))

    async def carry_out(self, work: Awaitable[T]) -> T:
        """The result of work, which goes on if the caller stops waiting for it."""
        future = asyncio.ensure_future(work)
        self._under_way.add(future)
        future.add_done_callback(self._over)
        return await asyncio.shield(future)

    async def settled(self, seconds: float | None = None) -> None:
        """Return when all that is under way now is over, or after so long."""
        if self._under_way:
            await asyncio.wait(set(self._under_way), timeout=seconds)

    def at(self, time: float) -> float | None:
        """For the parameter of `now`."""
        return None if self._own_clock else time

    async def decided(self, look: Callable[[], Awaitable[T | None]], doubt: Doubtful) -> T:
        """What came of a statement in doubt: what `look` finds. Raises `StoreUnavailable` if it did not happen."""
        for pause in _DOUBT_SECONDS:
            await asyncio.sleep(pause)
            try:
                # In this order: what has ended before the look is seen by it.
                at_work = await self.connections.fetch(_AT_WORK, doubt.process)
                found = await look()
            except StoreUnavailable:
                continue
            if not found and at_work:
                continue
            if found is None:
                raise StoreUnavailable(
                    "The server lost its database for a moment; nothing was accepted. Try again."
                ) from doubt
            log.info("what was in doubt when the database was lost did happen")
            return found
        raise doubt

    async def together(
        self, items: list[Item], work: Callable[[list[Item]], Awaitable[list[Result]]]
    ) -> list[Result | Exception]:
        """Do all in one piece of work; if one of them makes it fail, one by one, each failing by itself."""
        try:
            return [*await work(items)]
        except StoreUnavailable:
            raise
        except Exception:
            if len(items) == 1:
                raise
        results: list[Result | Exception] = []
        for item in items:
            try:
                results += await work([item])
            except Exception as error:  # noqa: BLE001 - it reaches the one who asked
                results.append(error)
        return results

    def _over(self, future: asyncio.Future[Any]) -> None:
        self._under_way.discard(future)
        if not future.cancelled():
            future.exception()  # heard, even if nobody waits any more
