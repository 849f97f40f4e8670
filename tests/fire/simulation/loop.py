"""An event loop whose time is virtual: as soon as nothing is left to do, it is the time of the next timer."""

import asyncio
import selectors
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")


class VirtualLoop(asyncio.SelectorEventLoop):
    """Time stands still while something real is on its way (see `outside`), and jumps otherwise."""

    def __init__(self) -> None:
        self._now = 0.0
        self._outside = 0
        super().__init__(_Jumping(self))
        self._clock_resolution = 1e-6

    def time(self) -> float:
        """Virtual seconds since the loop was made."""
        return self._now

    async def outside(self, work: Awaitable[T]) -> T:
        """The result of work that is done elsewhere, by a thread or another process: no time passes meanwhile."""
        with self.held():
            return await work

    @contextmanager
    def held(self) -> Iterator[None]:
        """No time passes meanwhile."""
        self._outside += 1
        try:
            yield
        finally:
            self._outside -= 1

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:
        """At once, on the loop: what is handed to threads here are small things with files in memory."""
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - it is the caller's
            future.set_exception(error)
        return future

    def events(self, select: Callable[[float | None], list[Any]], timeout: float | None) -> list[Any]:
        """What the loop does when it has nothing left to do before a timer, `timeout` seconds away."""
        if timeout is not None and timeout <= 0:
            return select(0)
        if self._outside:
            return select(None)
        if found := select(0):
            return found
        if timeout is None:
            raise RuntimeError(
                "Nothing will ever happen any more: no timer is set, and nothing is on its way."
            )
        self._now += timeout
        return []


class _Jumping(selectors.DefaultSelector):
    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[Any]:
        return self._loop.events(super().select, timeout)
