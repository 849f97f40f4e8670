"""How patient the Ray executor is. All in seconds."""

from understudy.executors.timings import Timings


class RayTimings(Timings, frozen=True, kw_only=True):
    """Those of all executors, and what only a cluster needs."""

    patience: float = 2.0
    """A job that has waited for a busy replica for so long gets another one started."""
    crowded: float = 0.5
    """A replica that waits for room for so long has an idle one unloaded; after as long again, another."""
    absence: float = 60.0
    """How long a cluster that cannot be reached, or has no node that is big enough, is waited for."""
    answer: float = 0.3
    """How much longer than its own time the far end may take, before it is taken for dead."""
