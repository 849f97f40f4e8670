"""Token buckets: a rate that holds in the long run, and a burst that may follow a pause."""

from collections.abc import Callable

import msgspec

_APART_SECONDS = 1.0
"""Clocks that are read at the same time may differ by so much; by more, and the clock was set back."""
FORGOTTEN_SECONDS = 7 * 24 * 3600.0
"""After so long without being drawn from, a bucket is taken to be full."""


class Bucket(msgspec.Struct, frozen=True):
    """What was in a bucket at a time."""

    tokens: float
    at: float
    """Unix seconds."""


def drawn(
    bucket: Bucket | None, wanted: float, *, rate: float, burst: float, at: float
) -> tuple[float, Bucket]:
    """Take up to `wanted` tokens; returns how many there were, and the bucket after it.

    It fills with `rate` a second up to `burst`; one that was never drawn from is full. A clock that was set back fills
    nothing, and from then on the bucket fills by the new time.
    """
    tokens = burst if bucket is None else min(burst, bucket.tokens + max(0.0, at - bucket.at) * rate)
    taken = min(wanted, tokens)
    return taken, Bucket(
        tokens - taken, at if bucket is None else max(at, min(bucket.at, at + _APART_SECONDS))
    )


class Valve:
    """Lets through so many a second, and as many at once."""

    def __init__(self, per_second: float, clock: Callable[[], float]) -> None:
        self._per_second = per_second
        self._clock = clock
        self._bucket: Bucket | None = None

    def opens(self) -> bool:
        """Whether one more may pass now."""
        taken, self._bucket = drawn(
            self._bucket, 1.0, rate=self._per_second, burst=self._per_second, at=self._clock()
        )
        return taken >= 1.0
