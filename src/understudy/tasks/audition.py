"""Which engine plays a task: the first of the cast that can, and that money allows."""

from collections.abc import Callable, Mapping
from itertools import takewhile

from understudy.catalogue.manifest import Model
from understudy.engines.cast import Cast, Tried
from understudy.engines.engine import Engine, RemoteEngine
from understudy.errors import EngineFailed, EngineUnavailable
from understudy.tasks import lifecycle
from understudy.tasks.held_task import HeldTask
from understudy.tasks.lifecycle import PATH, Status
from understudy.tasks.minutes import Minutes
from understudy.tasks.purchases.counter import Counter
from understudy.tasks.purchases.verdicts import Failover, failover_of, goes_on
from understudy.tasks.records import Purchase


class OnHold(Exception):
    """Operators hold all engines that could play: the task waits for them."""


class Audition:
    """Of one run."""

    def __init__(
        self,
        *,
        cast: Cast,
        counter: Counter,
        held: HeldTask,
        minutes: Minutes,
        model: Model,
        failover: Mapping[str, Failover],
        held_by_operators: Callable[[], set[str]] = set,
    ) -> None:
        """`failover`: by model, "*" for all others. `held_by_operators`: engines of the cast that take up nothing now."""
        self.failover = failover_of(model.address, failover)
        self.tried: list[Tried] = []
        """Engines that have failed."""
        self.purchase: Purchase | None = None
        """The one that is open: its engine goes on with it."""
        self._cast = cast
        self._counter = counter
        self._held = held
        self._minutes = minutes
        self._model = model
        self._held_by_operators = held_by_operators

    async def look_back(self) -> None:
        """Read what earlier attempts bought.

        Raises `EngineFailed` if one has ended in a way that no other engine may follow.
        """
        if self._held.task.engine is None:  # it is written down before anything is bought
            return
        for purchase in await self._counter.store.purchases(task=self._held.task.id):
            if purchase.state != "settled":
                self.purchase = purchase
                return
            if not goes_on(purchase, self.failover):
                raise EngineFailed(purchase.note)
            self.tried.append(Tried(purchase.engine, purchase.note))

    async def next(self) -> Engine:
        """Choose an engine, and have that written.

        Raises `EngineUnavailable`, `EngineFailed` if none may follow, or `OnHold`.
        """
        engine, passed = self._holder_of_purchase() if self.purchase else self._choice()
        if engine is None and not self.tried and self._held_by_operators():
            raise OnHold
        if engine is None:
            raise EngineUnavailable(
                f"No engine can play {self._model.address} here now. "
                + " ".join(f"{each.engine}: {each.reason}" for each in passed)
            )
        await self._write(engine, passed)
        return engine

    def failed(self, engine: Engine, reason: str) -> None:
        """Go on to the next one."""
        self.tried.append(Tried(engine.name, reason))
        self.purchase = None

    def _choice(self) -> tuple[Engine | None, list[Tried]]:
        failed = {each.engine for each in self.tried}
        # What was claimed for an engine that has been paused since, it still plays.
        held = self._held_by_operators() - failed if failed else set()
        choice = self._cast.choose(self._model, failed | held)
        before = takewhile(lambda each: each is not choice.engine, self._cast.of(self._model))
        passed = [Tried(each.name, "An operator holds it.") for each in before if each.name in held]
        return choice.engine, [*self.tried, *passed, *choice.tried]

    def _holder_of_purchase(self) -> tuple[Engine, list[Tried]]:
        purchase = self.purchase
        assert purchase is not None
        engine = self._counter.partners.engine(purchase.engine)
        if engine is None:
            took = "may have taken" if purchase.state == "intended" else "had taken"
            raise EngineFailed(f"{purchase.engine} {took} the job, and is not set up here any more.")
        return engine, self._passed_over()

    def _passed_over(self) -> list[Tried]:
        """The engines before the one that has an open purchase: as the attempt that began it wrote them down."""
        written = (self._held.task.engine or {}).get("tried", ())
        return [Tried(each["engine"], each["reason"]) for each in written] or self.tried

    async def _write(self, engine: Engine, passed: list[Tried]) -> None:
        task = self._held.task
        facts: dict[str, object] = {
            "name": engine.name,
            "version": engine.version,
            "preview": engine.preview,
            "tried": [{"engine": each.engine, "reason": each.reason} for each in passed],
            "seed": str(task.seed),
        }
        labels = self._cast.labels(engine)
        played_by = facts | {name: label for name, label in labels.items() if name not in facts}
        if PATH.index(Status(task.status)) >= PATH.index(Status.ASSIGN):
            await self._held.write(lifecycle.note(task, engine=played_by))
        else:
            self._minutes.reached(Status.ASSIGN, engine=played_by)
            if isinstance(engine, RemoteEngine):
                # Who takes the task up after a crash is to know who was passed over before the purchase began.
                await self._minutes.told()
