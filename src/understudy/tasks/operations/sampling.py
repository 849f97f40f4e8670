"""Points of the charts: one a minute, by one process of an installation."""

from collections.abc import Callable

from understudy.tasks.operations.records import Sample
from understudy.tasks.operations.reports import Reports
from understudy.tasks.store.store import Store

SAMPLE_SECONDS = 60.0
KEPT_SECONDS = 25 * 3600.0


async def sample(store: Store, reports: Reports, clock: Callable[[], float]) -> Sample:
    """As it is now, from the same figures as `/metrics`."""
    return Sample(at=clock())
