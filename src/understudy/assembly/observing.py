"""What operators see of a process, and what they are warned of."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import date

from understudy.assembly.ground import Ground
from understudy.engines import retirement
from understudy.engines.retirement import Ending
from understudy.executors.card_memory import CardMemory
from understudy.metrics.sight import Sight
from understudy.tasks.dispatcher import Dispatcher
from understudy.tasks.operations.reporter import Reporter
from understudy.tasks.rates import Rates

log = logging.getLogger(__name__)


_DAY = 24 * 3600.0


def metrics_of(ground: Ground, dispatcher: Dispatcher | None, rates: Rates) -> Callable[[], Awaitable[bytes]]:
    """What Prometheus reads. `dispatcher`: what runs tasks here, if anything does."""
    here = ground.settings.executor == "local"
    sight = Sight(
        store=ground.store,
        meter=ground.meter,
        loop=ground.loop,
        owner=ground.owner,
        clock=time.time,
        models=tuple(model.address for model in ground.catalogue.models),
        endings=lambda: endings_of(ground),
        limited=lambda: rates.refused,
        running=(lambda: dispatcher.running_by_engine) if dispatcher else None,
        replicas=dispatcher.replicas if dispatcher else None,
        cards=CardMemory() if dispatcher and here else None,
        news=ground.bus.behind if ground.store.shared else None,
    )

    async def metrics() -> bytes:
        # Late: who runs no Prometheus does not pay for its library.
        from understudy.metrics.figures import figures

        return await figures(sight)

    return metrics


def reporter_of(ground: Ground, dispatcher: Dispatcher) -> Reporter:
    """What this process, which runs tasks, says of itself."""
    return Reporter(
        store=ground.store,
        dispatcher=dispatcher,
        cast=ground.cast,
        owner=ground.owner,
        clock=time.time,
        cards=CardMemory() if ground.settings.executor == "local" else None,
    )


def endings_of(ground: Ground) -> tuple[Ending, ...]:
    """Of engines and models, as of today."""
    today = date.today()  # noqa: DTZ011 - the operator's own day
    return retirement.endings(today, ground.cast.ends, ground.catalogue.models)


async def warn_of_ends(endings: Callable[[], tuple[Ending, ...]]) -> None:
    """Once a day."""
    while True:
        for each in endings():
            if each.due:
                log.warning("%s %s: %s", each.what, each.name, each.sentence)
        await asyncio.sleep(_DAY)
