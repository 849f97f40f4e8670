"""The way to Ray: one driver at a time, and a new one when it was lost."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable

from understudy.errors import EngineUnavailable
from understudy.executors.ray.link import Link, NoRay

log = logging.getLogger(__name__)

_CONNECTING = 30.0
"""Seconds that it may take."""
_AGAIN = 1.0
"""Seconds between two attempts while a job waits."""
_RETURN = 5.0
"""And while none does."""


class Reach:
    """Connects when it is first asked to, and again whenever it has to."""

    def __init__(self, address: str, crowded: Callable[[bool], None]) -> None:
        """`crowded`: see `Link`."""
        self.link: Link | None = None
        """The latest; it may be lost."""
        self._address = address
        self._crowded = crowded
        self._opening = asyncio.Lock()
        self._returning: asyncio.Task[None] | None = None
        self._since = 0.0
        self.away = ""
        """Why there is no way at the moment, once that was found out; "" if there is, or nobody has tried."""

    def begin(self) -> None:
        """Connect now, and again and again until that works."""
        if self._returning is None or self._returning.done():
            self._returning = asyncio.create_task(self._return())

    async def once(self) -> Link:
        """A connected driver. Raises `NoRay`."""
        async with self._opening:
            if self.link is None or self.link.lost:
                try:
                    self.link = await self._open()
                except NoRay as error:
                    if not self.away:
                        log.warning("no engine can play on Ray now: %s", error.message)
                        self._since = time.monotonic()
                    self.away = error.message
                    self.begin()
                    raise
                if self.away:
                    log.info("Ray answers again")
                self.away = ""
            return self.link

    async def within(self, seconds: float) -> Link:
        """The same, trying again until it was away for so long. Raises `EngineUnavailable`."""
        deadline = (self._since if self.away else time.monotonic()) + seconds
        while True:
            try:
                return await self.once()
            except NoRay as error:
                if time.monotonic() + _AGAIN > deadline:
                    raise EngineUnavailable(error.message) from error
            await asyncio.sleep(_AGAIN)

    async def _return(self) -> None:
        while True:
            with contextlib.suppress(NoRay):
                await self.once()
                return
            await asyncio.sleep(_RETURN)

    async def _open(self) -> Link:
        try:
            async with asyncio.timeout(_CONNECTING):
                return await Link.open(self._address, self._crowded)
        except TimeoutError as error:
            raise NoRay(f"Ray did not answer at {self._address} for {_CONNECTING:.0f} s.") from error

    async def close(self) -> None:
        """End the driver, and with it everything in the cluster that is ours."""
        if self._returning is not None:
            self._returning.cancel()
            await asyncio.gather(self._returning, return_exceptions=True)
        async with self._opening:
            if self.link is not None:
                await self.link.close()
