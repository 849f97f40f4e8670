"""How often a project may ask: token buckets that hold over all processes which answer requests."""

import asyncio
from collections import Counter
from collections.abc import Callable

from understudy.errors import TooManyRequests
from understudy.tasks.records import Project, ProjectLimits
from understudy.tasks.store.store import Store

_AHEAD_SECONDS = 0.05
"""A process draws what is asked for in so long at once, so that a busy project does not cost a question per request."""
_PATIENCE_SECONDS = 1.0
"""For so long at most nothing is drawn from a bucket that was found empty: a rate that was raised is noticed then."""


class Rates:
    """Lets requests through, or refuses them until later."""

    def __init__(
        self,
        store: Store,
        clock: Callable[[], float],
        limits: ProjectLimits = ProjectLimits(),  # noqa: B008 - frozen
    ) -> None:
        """`limits`: for projects that have none of their own."""
        self._store = store
        self._clock = clock
        self._limits = limits
        self._drawn: dict[int, float] = {}
        """Tokens that were drawn and not used yet, by project."""
        self._empty: dict[int, float] = {}
        """Until when there can be no token for a project: who asks much too often is not to ask the store, too."""
        self.refused: Counter[int] = Counter()
        """Requests that were too many, by project."""

    async def take(self, project: Project) -> None:
        """One request of a project. Raises `TooManyRequests`."""
        rate = project.limits.rate or self._limits.rate
        if not rate:
            return
        burst = float(project.limits.burst or self._limits.burst or max(1.0, rate))
        now = asyncio.get_running_loop().time()
        tokens = self._drawn.pop(project.id, 0.0)
        if tokens < 1.0 and now >= self._empty.get(project.id, 0.0):
            try:
                # What is missing, and no more than a part of the burst ahead: what is drawn here is lost to others.
                wanted = max(1.0, min(rate * _AHEAD_SECONDS, burst / 4)) - tokens
                tokens += await self._store.draw(
                    f"requests of {project.id}", wanted, rate=rate, burst=burst, at=self._clock()
                )
            finally:
                tokens += self._drawn.pop(project.id, 0.0)  # what another request put back meanwhile
                self._drawn[project.id] = tokens
        missing = (1.0 - tokens) / rate
        if missing > 0.0:
            self._drawn[project.id] = tokens
            if now >= self._empty.get(project.id, 0.0):
                self._empty[project.id] = now + min(missing, _PATIENCE_SECONDS)
            self.refused[project.id] += 1
            raise TooManyRequests(rate, missing)
        self._drawn[project.id] = tokens - 1.0
