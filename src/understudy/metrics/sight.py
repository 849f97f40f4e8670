"""What the figures are made of: everything is handed in, as far as this process has it."""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from understudy.engines.retirement import Ending
from understudy.executors.card_memory import CardMemory
from understudy.executors.executor import ReplicaState
from understudy.metrics.loop import LoopLag
from understudy.metrics.meter import Meter
from understudy.tasks.store.store import Store


class Sight(msgspec.Struct, frozen=True, kw_only=True):
    """What can be seen from one process."""

    store: Store
    meter: Meter
    loop: LoopLag
    owner: str
    """The name of this process, in leases."""
    clock: Callable[[], float]
    """Unix seconds."""
    models: tuple[str, ...] = ()
    """Those that are offered, which have figures also while nothing waits for them."""
    endings: Callable[[], Sequence[Ending]] = tuple
    limited: Callable[[], Mapping[int, int]] = dict
    """Requests that were refused, by project."""
    running: Callable[[], Mapping[str, int]] | None = None
    """Tasks that run, by engine; None where none can."""
    replicas: Callable[[], Sequence[ReplicaState]] | None = None
    cards: CardMemory | None = None
    news: Callable[[], float] | None = None
    """Seconds since the news of other processes were known to be complete; None for who is alone."""
