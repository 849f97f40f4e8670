"""What a process keeps of itself, in plain numbers; turned into metrics when somebody reads them."""

from collections import Counter
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Any, cast

from understudy.metrics.histogram import Histogram
from understudy.metrics.stages import stages
from understudy.tasks.about import engine_of, outcome_of
from understudy.tasks.lifecycle import Change
from understudy.tasks.records import Task
from understudy.tasks.store.store import Store

NO_ENGINE = "none"
"""Of a task that ended before one was chosen."""

_CALL_BOUNDS = (0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_STAGE_BOUNDS = (
    0.01,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
    10.0,
    30.0,
    60.0,
    120.0,
    300.0,
    600.0,
    1800.0,
    3600.0,
)


class Meter:
    """Counts what happens here."""

    def __init__(self) -> None:
        self.calls: dict[str, Histogram] = {}
        """Seconds of calls of the store, by method."""
        self.stages: dict[tuple[str, ...], Histogram] = {}
        """Seconds of stages of delivered tasks, by stage and engine."""
        self.ended: Counter[tuple[str, ...]] = Counter()
        """Tasks by model, engine and how they ended."""

    def metered(self, store: Store) -> Store:
        """The store, measured; neither it nor its callers know of that."""
        return cast(Store, _MeteredStore(store, self))

    def task_ended(self, task: Task) -> None:
        """This process has written a task's last status."""
        outcome, engine = outcome_of(task), engine_of(task) or NO_ENGINE
        self.ended[task.model, engine, outcome] += 1
        if outcome == "succeeded":
            for stage, seconds in stages(task):
                histogram = self.stages.get((stage, engine))
                if histogram is None:
                    histogram = self.stages[stage, engine] = Histogram(_STAGE_BOUNDS)
                histogram.observe(seconds)

    def timed(self, name: str, method: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        """The method, its calls measured under that name."""
        histogram = self.calls[name] = Histogram(_CALL_BOUNDS)
        observe = histogram.observe

        async def call(*given: Any, **more: Any) -> Any:
            began = perf_counter()
            try:
                return await method(*given, **more)
            finally:
                observe(perf_counter() - began)

        return call


class _MeteredStore:
    def __init__(self, store: Store, meter: Meter) -> None:
        self.shared = store.shared
        self.accounts = store.accounts
        self.browsing = store.browsing
        self.operating = store.operating
        self.tenants = store.tenants
        for name in METHODS:
            setattr(self, name, meter.timed(name, getattr(store, name)))
        applied = self.apply

        async def apply(id: int, change: Change) -> Task | None:
            task = await applied(id, change)
            if task is not None and change.ends:
                meter.task_ended(task)
            return task

        self.apply = apply

    apply: Callable[[int, Change], Awaitable[Task | None]]


METHODS = tuple(name for name in vars(Store) if not name.startswith("_"))
"""Of a store; all of them are coroutines."""
