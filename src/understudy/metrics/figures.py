"""All figures, gathered when they are asked for. Loaded late: who runs no Prometheus does not pay for its library."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, get_args

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from understudy.errors import StoreUnavailable
from understudy.executors.executor import State
from understudy.metrics.histogram import Histogram
from understudy.metrics.meter import NO_ENGINE
from understudy.metrics.sight import Sight
from understudy.metrics.table import BY_NAME
from understudy.tasks.lifecycle import Status

PATIENCE_SECONDS = 2.0
"""How long the store may take: Prometheus waits for 10 s, and what this process knows of itself is not to be lost."""
LED = ("aftercare", "housekeeping")
"""What one process does for all, as long as any runs."""

Labels = tuple[str, ...]
Values = Mapping[Labels, float | Histogram]
Figures = dict[str, Values]
_ALL: Labels = ()
_FAMILIES = {
    "gauge": GaugeMetricFamily,
    "counter": CounterMetricFamily,
    "histogram": HistogramMetricFamily,
}


async def figures(sight: Sight) -> bytes:
    """Everything in Prometheus' text format.

    While the store does not answer, what is asked of it is missing, and a comment says so.
    """
    found = _of_process(sight)
    if sight.cards is not None:
        found["understudy_gpu_memory_bytes"] = {
            (card, kind): getattr(memory, kind)
            for card, memory in (await sight.cards.read()).items()
            for kind in ("used", "total")
        }
    comment = b""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            found |= await _of_installation(sight)
    except (StoreUnavailable, TimeoutError):
        comment = b"# The store does not answer: what it knows of the installation is missing here.\n"
    registry = CollectorRegistry()
    registry.register(_Found(found))
    ProcessCollector(registry=registry)
    return comment + generate_latest(registry)


class _Found(Collector):
    def __init__(self, found: Figures) -> None:
        self._found = found

    def collect(self) -> Iterable[Metric]:
        return [_family(name, values) for name, values in self._found.items()]


def _family(name: str, values: Values) -> Any:
    metric = BY_NAME[name]
    family: Any = _FAMILIES[metric.kind](name, metric.help, labels=metric.labels)
    for labels, value in sorted(values.items(), key=lambda each: each[0]):
        if isinstance(value, Histogram):
            family.add_metric(labels, buckets=list(value.buckets()), sum_value=value.sum)
        else:
            family.add_metric(labels, value)
    return family


def _of_process(sight: Sight) -> Figures:
    found: Figures = {
        "understudy_loop_lag_seconds": {_ALL: sight.loop.worst()},
        "understudy_tasks_ended_total": sight.meter.ended,
        "understudy_stage_seconds": sight.meter.stages,
        "understudy_store_seconds": {
            (name,): calls for name, calls in sight.meter.calls.items() if calls.count
        },
        "understudy_rate_limited_total": {(str(project),): n for project, n in sight.limited().items()},
        "understudy_days_until_end": {(each.what, each.name): each.days for each in sight.endings()},
    }
    if sight.running is not None:
        running = sight.running()
        found["understudy_running"] = {(engine or NO_ENGINE,): n for engine, n in running.items()}
    if sight.replicas is not None:
        found["understudy_replicas"] = dict(_replicas(sight))
    if sight.news is not None:
        found["understudy_bus_lag_seconds"] = {_ALL: sight.news()}
    return found


def _replicas(sight: Sight) -> Iterator[tuple[Labels, float]]:
    """Every state of an engine that has a replica: what is not there is 0, not missing."""
    assert sight.replicas is not None
    seen = Counter((each.engine, each.state) for each in sight.replicas())
    for engine in {engine for engine, _ in seen}:
        for state in get_args(State):
            yield (engine, state), seen[engine, state]


async def _of_installation(sight: Sight) -> Figures:
    """Raises `StoreUnavailable`."""
    store, now = sight.store, sight.clock()
    depth, queue, purchases, (webhooks, due), leases = await asyncio.gather(
        store.depth(), store.queue(), store.purchase_counts(), store.waiting_deliveries(), store.leases(now)
    )
    models = {*sight.models, *queue}
    ages = {model: max(0.0, now - each.oldest) for model, each in queue.items()}
    found: Figures = {
        "understudy_tasks": {(status.value,): depth.get(status, 0) for status in Status},
        "understudy_queue_depth": {(m,): queue[m].number if m in queue else 0 for m in models},
        "understudy_queue_age_seconds": {(m,): ages.get(m, 0.0) for m in models},
        "understudy_webhooks_waiting": {_ALL: webhooks},
        "understudy_webhook_lag_seconds": {_ALL: 0.0 if due is None else max(0.0, now - due)},
        "understudy_purchases_total": {pair: n for pair, n in purchases.items() if pair[1]},
        "understudy_purchases_open": {(e,): n for (e, outcome), n in purchases.items() if not outcome},
    }
    if store.shared:
        found["understudy_leader"] = {(what,): float(leases.get(what) == sight.owner) for what in LED}
    return found
