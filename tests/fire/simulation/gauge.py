"""Looks at the store now and then, from outside, and keeps what it sees of fairness and of use."""

import asyncio
from collections import Counter
from collections.abc import Collection

from tests.fire.simulation.places import Place
from tests.fire.simulation.plan import ENGINE_OF, RARE, Plan

EVERY_SECONDS = 60.0


class Gauge:
    """What was seen."""

    def __init__(
        self, place: Place, plan: Plan, equal: Collection[int], greedy: Collection[int], limited: int
    ) -> None:
        """`equal`: the projects that ask for the same, `greedy`: those that ask for more,
        `limited`: the one with a limit.
        """
        self._place = place
        self._plan = plan
        self._equal = equal
        self._greedy = greedy
        self._limited = limited
        self.ran: Counter[int] = Counter()
        """Running time by project, in seconds, while all equal ones had tasks waiting for every engine."""
        self.looks = 0
        self.storms = 0
        """Looks at which it was so."""
        self.used: list[float] = []
        """The share of the cards that was in use at these."""
        self.jains: list[float] = []
        """Jain's index of what ran at each of these."""
        self.most_limited = 0
        self.most_rare = 0
        self.longest_queue = 0

    async def go(self) -> None:
        """Until it is cancelled."""
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            await self._look()

    @property
    def jain(self) -> float:
        """Of the running time of the equal projects."""
        return jain([self.ran[project] for project in self._equal])

    @property
    def greed(self) -> float:
        """What a greedy project had of running time, as a multiple of what an equal one had."""
        greedy = sum(self.ran[project] for project in self._greedy) / len(self._greedy)
        return greedy / max(1.0, sum(self.ran[project] for project in self._equal) / len(self._equal))

    async def _look(self) -> None:
        running: Counter[int] = Counter()
        of_model: Counter[str] = Counter()
        waiting: Counter[tuple[int, str]] = Counter()
        for project, model, waits, runs in await self._place.rows(self._place.tallies):
            waiting[project, ENGINE_OF[model]] += waits or 0
            running[project] += runs or 0
            of_model[model] += runs or 0
        self.looks += 1
        self.most_limited = max(self.most_limited, running[self._limited])
        self.most_rare = max(self.most_rare, of_model[RARE])
        self.longest_queue = max(self.longest_queue, waiting.total())
        if all(waiting[project, engine] for project in self._equal for engine in set(ENGINE_OF.values())):
            self.storms += 1
            self.used.append(running.total() / self._plan.replicas)
            self.jains.append(jain([running[project] for project in self._equal]))
            for project in (*self._equal, *self._greedy):
                self.ran[project] += int(running[project] * EVERY_SECONDS)


def jain(amounts: Collection[float]) -> float:
    """1 if all are equal, 1/n if one has everything (R. Jain, D. Chiu, W. Hawe, DEC-TR-301, 1984)."""
    squares = sum(amount * amount for amount in amounts)
    return sum(amounts) ** 2 / (len(amounts) * squares) if squares else 1.0
