"""How often a partner is asked how a job stands: as it wishes, else ever less often, never all at once."""

import random
from collections.abc import Callable

FIRST = 1.0
LONGEST = 15.0
LEAST_HINT, MOST_HINT = 0.2, 120.0


class Pace:
    """The pauses of one wait, in seconds."""

    def __init__(self, jitter: Callable[[], float] = random.random) -> None:
        self._jitter = jitter
        self._next = FIRST
        self._failures = 0

    def after_answer(self, hint: float | None) -> float:
        """Until the partner is asked again: its own hint within reason, else half as long again each time."""
        self._failures = 0
        if hint is not None:
            return min(MOST_HINT, max(LEAST_HINT, hint))
        pause, self._next = self._next, min(LONGEST, self._next * 1.5)
        return self._spread(pause)

    def after_failure(self, hint: float | None) -> float:
        """After it could not be asked: never before its hint, twice as long each time up to two minutes."""
        self._failures += 1
        pause = self._spread(min(MOST_HINT, 2.0 ** (self._failures - 1)))
        return max(pause, min(MOST_HINT, hint or 0.0))

    def _spread(self, pause: float) -> float:
        return pause * (0.75 + 0.5 * self._jitter())
