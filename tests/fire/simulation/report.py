"""What came of a simulation."""

import time
from collections.abc import Sequence

import msgspec

from tests.fire.simulation.counting import Counted
from tests.fire.simulation.gauge import Gauge
from tests.fire.simulation.load import Load
from tests.fire.simulation.places import Place


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Figures."""

    submitted: int
    refused: int
    killed: int
    done: int
    queued: int
    other: int
    """Neither done nor killed nor queued at the end: there should be none."""
    deaths: int
    retried: int
    """Tasks that were done at a second attempt or later."""
    unpaid: int
    """Done without exactly one line in the ledger: there should be none."""
    most_limited: int
    most_rare: int
    longest_queue: int
    storm_minutes: int
    jain: float
    """Of the running time of equal projects, while all of them had tasks waiting."""
    jain_worst: float
    """Of what ran at one moment of that time, the worst."""
    greed: float
    """What a project that asks for five times as much got, as a multiple of what an equal one got, in the same time."""
    used: float
    """Share of the cards in use, in the same time."""
    ages: dict[str, float]
    """Virtual seconds that tasks waited before their first claim: percentiles."""
    asked: dict[str, float]
    """Questions to the store for each task that was done, by method."""
    transactions: float
    """Of the store, for each task that was done; SQLite's are those that write."""
    cpu: float
    """Real seconds of the processor, for the whole simulation."""
    wall: float

    def text(self) -> str:
        """For people."""
        lines = [f"{name}: {_shown(value)}" for name, value in msgspec.structs.asdict(self).items()]
        return "\n".join(lines)


async def reported(
    asked: Counted,
    gauge: Gauge,
    loads: Sequence[Load],
    *,
    deaths: int,
    place: Place,
    began: tuple[float, float],
) -> Report:
    """Put together from what was counted, and from the database itself. `began`: on the wall and on the processor."""
    by_status = dict(await place.rows("SELECT status, count(*) FROM tasks GROUP BY status"))
    ((retried,),) = await place.rows(
        "SELECT count(*) FROM tasks WHERE status = 'task_postprocess_end' AND attempts > 1"
    )
    ((unpaid,),) = await place.rows(
        "SELECT count(*) FROM tasks WHERE (status = 'task_postprocess_end') <> "
        "((SELECT count(*) FROM ledger WHERE ledger.task = tasks.id AND ledger.task <> 0) = 1)"
    )
    waited = await place.rows(
        "SELECT accepted - created FROM tasks WHERE status = 'task_postprocess_end' AND attempts = 1 ORDER BY 1"
    )
    ages = [age for (age,) in waited]
    done = by_status.pop("task_postprocess_end", 0)
    killed = by_status.pop("task_cancel", 0)
    queued = by_status.pop("task_queue", 0)
    return Report(
        submitted=sum(load.submitted for load in loads),
        refused=sum(load.refused for load in loads),
        killed=killed,
        done=done,
        queued=queued,
        other=sum(by_status.values()),
        deaths=deaths,
        retried=retried,
        unpaid=unpaid,
        most_limited=gauge.most_limited,
        most_rare=gauge.most_rare,
        longest_queue=gauge.longest_queue,
        storm_minutes=gauge.storms,
        jain=gauge.jain,
        greed=gauge.greed,
        jain_worst=min(gauge.jains, default=0.0),
        used=sum(gauge.used) / max(1, len(gauge.used)),
        ages={f"{share:.0%}": ages[int(share * (len(ages) - 1))] for share in (0.5, 0.95, 0.99)},
        asked={name: number / done for name, number in sorted(asked.asked.items())},
        transactions=await place.transactions() / done,
        cpu=time.process_time() - began[1],
        wall=time.perf_counter() - began[0],
    )


def _shown(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, dict):
        return ", ".join(f"{name} {each:.4g}" for name, each in value.items())
    return str(value)
