"""Times, counted in buckets: whole numbers and a sum."""

from bisect import bisect_left
from collections.abc import Iterator


class Histogram:
    """Observations by size. Seconds."""

    __slots__ = ("_bounds", "_counts", "sum")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        """`bounds`: the upper end of each bucket, rising; one without an end follows."""
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def observe(self, seconds: float) -> None:
        """One more."""
        self._counts[bisect_left(self._bounds, seconds)] += 1
        self.sum += seconds

    @property
    def count(self) -> int:
        """How many there were."""
        return sum(self._counts)

    def buckets(self) -> Iterator[tuple[str, int]]:
        """The upper end of each bucket as Prometheus writes it, and how many observations are no longer than that."""
        below = 0
        for bound, count in zip((*self._bounds, float("inf")), self._counts, strict=True):
            below += count
            yield "+Inf" if bound == float("inf") else f"{bound:g}", below
