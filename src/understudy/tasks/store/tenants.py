"""Many projects at a glance, the same for every store: by statements for a page of them, never one for each."""

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from understudy.tasks.records import Project
from understudy.tasks.store.asks import Asks
from understudy.tasks.store.rows import PROJECT_FIELDS, columns, from_pico, to_project

# Column names are this program's own words; values are always bound.
FIND = f"""
SELECT {columns(PROJECT_FIELDS)} FROM projects
WHERE id < $1 AND (id = $3 OR name LIKE $4 ESCAPE '!' OR lower(name) LIKE $5 ESCAPE '!')
ORDER BY id DESC LIMIT $2
"""  # noqa: S608
_NEWEST = 2**62


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """What a project has on its hands, and what it has spent."""

    waiting: int = 0
    running: int = 0
    spent: Decimal = Decimal(0)
    """US dollars, since the hour that was asked for."""


class Tenants:
    """Part of a store."""

    def __init__(self, asks: Asks) -> None:
        self._asks = asks

    async def find(self, text: str = "", *, beyond: int = 0, limit: int = 50) -> list[Project]:
        """Projects whose id or part of whose name that is, the newest first; those older than `beyond` (0: from the newest on).

        On a store that several processes share, a balance may be a second old.
        """
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
        # Not every database knows the lower case of every script: what is written so, is found in any case.
        patterns = (f"%{_literal(each)}%" for each in (text, text.lower()))
        rows = await self._asks.read(FIND, beyond or _NEWEST, limit, number, *patterns)
        return [to_project(tuple(row)) for row in rows]

    async def tallies(self, projects: Sequence[int], since_hour: int) -> dict[int, Tally]:
        """Of each of these projects, from sums that are kept; what is spent since an hour of the clock (see `Spent`)."""
        if not projects:
            return {}
        counts = await self._asks.read(counts_of(len(projects)), *projects)
        spent = await self._asks.read(spent_by(len(projects)), since_hour, *projects)
        open_tasks = {project: (int(waiting), int(running)) for project, waiting, running in counts}
        amounts = {project: from_pico(int(amount)) for project, amount in spent}
        found = {}
        for project in projects:
            waiting, running = open_tasks.get(project, (0, 0))
            found[project] = Tally(waiting=waiting, running=running, spent=amounts.get(project, Decimal(0)))
        return found


def counts_of(number: int) -> str:
    """The statement for so many projects."""
    return f"""
        SELECT project, sum(queued), sum(running) FROM tallies WHERE project IN ({_bound(number)}) GROUP BY project
    """  # noqa: S608


def spent_by(number: int) -> str:
    """The statement for so many projects."""
    return f"""
        SELECT project, sum(amount) FROM spent WHERE hour >= $1 AND project IN ({_bound(number, 2)}) GROUP BY project
    """  # noqa: S608


def _bound(number: int, first: int = 1) -> str:
    return ", ".join(f"${place}" for place in range(first, first + number))


def _literal(text: str) -> str:
    """For LIKE, nothing of it a pattern."""
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
