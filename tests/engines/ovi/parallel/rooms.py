"""Groups of threads: real sockets between them, without the seconds that a process takes to start."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import torch

from understudy.engines.ovi.parallel.group import Group, connect

T = TypeVar("T")


def everyone(size: int, folder: Path, act: Callable[[Group], T]) -> list[T]:
    """What `act` gives in each of `size` threads that form a group, by rank."""

    def enter(rank: int) -> T:
        return act(connect(folder / "meeting", range(size), rank, torch.device("cpu")))

    with ThreadPoolExecutor(size) as threads:
        return list(threads.map(enter, range(size)))
