"""Processor time of processes, through /proc."""

import os
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def processor_seconds(pid: int) -> float:
    """What a process has used so far, in user and kernel mode, with its children that have ended."""
    return sum(map(int, _fields(pid)[11:15])) / _TICKS


def family_seconds(pid: int, besides: Collection[int] = ()) -> float:
    """The same of a process and all that it has started, without those in `besides`."""
    seconds = 0.0
    for each in family(pid):
        # One that ends meanwhile is a child that has ended, of another one of them.
        with suppress(FileNotFoundError, ProcessLookupError):
            seconds += 0.0 if each in besides else processor_seconds(each)
    return seconds


def family(pid: int) -> set[int]:
    """A process, its children, their children, and so on."""
    parents = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(entry.name)] = int(_fields(int(entry.name))[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
    found: set[int] = set()
    reached = {pid}
    while reached:
        found |= reached
        reached = {child for child, parent in parents.items() if parent in reached} - found
    return found


def _fields(pid: int) -> list[str]:
    # From the third on (proc(5)): the second, a name, may hold anything.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
