"""Those who submit, and those who change their mind."""

import asyncio
import random

from tests.fire.simulation.executor import SECONDS
from tests.fire.simulation.plan import SHARES, Plan
from understudy.catalogue.catalogue import Catalogue
from understudy.catalogue.checked import Checked
from understudy.errors import ConcurrencyLimit, NotAllowed
from understudy.tasks.desk import Desk
from understudy.tasks.records import Project


class Load:
    """One project's bursts."""

    def __init__(
        self,
        plan: Plan,
        desk: Desk,
        catalogue: Catalogue,
        project: Project,
        times: float,
        chance: random.Random,
    ) -> None:
        """`times`: how many times as much as an equal project it asks for."""
        self._plan = plan
        self._desk = desk
        self._catalogue = catalogue
        self._project = project
        self._times = times
        self._chance = chance
        self._kills: set[asyncio.Task[None]] = set()
        self.submitted = 0
        self.refused = 0
        self.killed = 0

    async def go(self) -> None:
        """Until it is cancelled."""
        loop, plan, chance = asyncio.get_running_loop(), self._plan, self._chance
        while True:
            await asyncio.sleep(chance.expovariate(1 / plan.burst_seconds))
            share = plan.load(loop.time()) * plan.replicas / plan.equal / plan.mean_seconds * self._times
            tasks = round(chance.gammavariate(2.0, share * plan.burst_seconds / 2.0))
            await asyncio.gather(*(self._submit() for _ in range(tasks)))

    def stop(self) -> None:
        """Change nobody's mind any more."""
        for kill in self._kills:
            kill.cancel()

    async def _submit(self) -> None:
        chance, plan = self._chance, self._plan
        address = chance.choices([*SHARES], [*SHARES.values()])[0]
        model = self._catalogue.find(*address.split("/"))
        assert model is not None
        seconds = chance.gammavariate(4.0, plan.mean_seconds / 4.0)
        try:
            task = await self._desk.submit(
                self._project, model, Checked(values={"prompt": "A road.", SECONDS: seconds}, sources={})
            )
        except ConcurrencyLimit:
            self.refused += 1
            return
        self.submitted += 1
        if chance.random() < plan.killed:
            killing = asyncio.create_task(self._kill(task.id, chance.expovariate(1 / plan.mean_seconds)))
            self._kills.add(killing)
            killing.add_done_callback(self._kills.discard)

    async def _kill(self, task: int, after: float) -> None:
        await asyncio.sleep(after)
        try:
            await self._desk.kill(self._project, id=str(task))
        except NotAllowed:
            return
        self.killed += 1
