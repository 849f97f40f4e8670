"""Time that a test moves: what takes a partner minutes is over when the test says so."""

import time


class VirtualClock:
    """Unix seconds: as real time passes, `speed` times as fast, and as far ahead as `advance` says."""

    def __init__(self, *, speed: float = 1.0, start: float | None = None) -> None:
        """`speed` 0: it stands still but for `advance`. `start`: Unix seconds, now unless given."""
        self._start = time.time() if start is None else start
        self._speed = speed
        self._begun = time.monotonic()
        self._ahead = 0.0

    def __call__(self) -> float:
        """The time."""
        return self._start + self._ahead + (time.monotonic() - self._begun) * self._speed

    def advance(self, seconds: float) -> None:
        """Let so many seconds pass at once."""
        self._ahead += seconds

    async def sleep(self, seconds: float) -> None:
        """What a waiting part of a program is given instead of `asyncio.sleep`: the time passes, the caller does not wait."""
        import asyncio

        self.advance(seconds)
        await asyncio.sleep(0.001)
