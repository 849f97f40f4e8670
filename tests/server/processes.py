"""The processes that a server has started, through /proc."""

from pathlib import Path


def descendants(pid: int) -> set[int]:
    """Its children, their children, and so on."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
    found: set[int] = set()
    reached = {pid}
    while reached:
        reached = {child for child, parent in parents.items() if parent in reached} - found
        found |= reached
    return found
