"""How long to wait before the next attempt."""

from collections.abc import Iterator

ATTEMPTS = 4
"""How often a request is sent at most."""
LONGEST_PAUSE = 30.0
"""Seconds that a server's Retry-After is obeyed at most."""


def pauses(first: float = 0.2, factor: float = 2.0, longest: float = 5.0) -> Iterator[float]:
    """Seconds, growing up to `longest`, without end.

    No jitter: one client waits for one server here, and a person for the client.
    """
    pause = first
    while True:
        yield pause
        pause = min(pause * factor, longest)


def retry_after(header: str | None, otherwise: float) -> float:
    """The pause that a Retry-After header asks for, in seconds; its form as a date is not read."""
    if header and header.isascii() and header.isdigit():
        return min(float(header), LONGEST_PAUSE)
    return otherwise
