"""How much main memory replicas take with all that they started, by the kernel's own books: Linux only.

Files below /proc: https://man7.org/linux/man-pages/man5/proc.5.html.
"""

import os
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

_PROC = Path("/proc")
_EXACT_BELOW = 1 << 30
"""Bytes. Telling what a process shares with others takes the kernel 12 ms a gigabyte, and the process waits meanwhile."""


def memory_of_groups(leaders: Collection[int]) -> dict[int, int]:
    """Bytes by the process id of each group's leader; those that are not known here are left out.

    What small processes share with others is divided among them. Looks at every process of the machine: not for the
    event loop.
    """
    found: dict[int, int] = {}
    if leaders:
        for pid, group in _processes():
            if group in leaders:
                # Of a process that has just ended there is nothing to read.
                with suppress(OSError, ValueError, IndexError):
                    found[group] = found.get(group, 0) + _memory(_PROC / pid)
    return found


def _processes() -> Iterator[tuple[str, int]]:
    """Each process, and the leader of its group."""
    with suppress(OSError):
        for pid in os.listdir(_PROC):  # noqa: PTH208 - a path for each of them takes longer than its file
            if pid.isdigit():
                with suppress(OSError, ValueError, IndexError):
                    yield pid, int((_PROC / pid / "stat").read_bytes().rpartition(b")")[2].split()[2])


def _memory(process: Path) -> int:
    resident = int((process / "statm").read_bytes().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    if resident < _EXACT_BELOW:
        with suppress(OSError):  # a kernel that does not tell, or not everybody
            for line in (process / "smaps_rollup").read_bytes().splitlines():
                if line.startswith(b"Pss:"):
                    return int(line.split()[1]) * 1024
    return resident
