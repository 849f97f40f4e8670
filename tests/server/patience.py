"""Waiting for what happens in another process."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(accept: Callable[[], T], seconds: float = 30.0) -> T:
    """What `accept` returns, once that is true."""
    give_up = time.monotonic() + seconds
    while not (found := accept()):
        assert time.monotonic() < give_up, "it did not happen in time"
        time.sleep(0.02)
    return found
