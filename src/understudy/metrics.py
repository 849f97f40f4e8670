"""What Prometheus reads: figures that are kept anyway, gathered when they are asked for.

understudy_tasks{status}                         tasks by status, terminal ones too
understudy_purchases_total{engine, outcome}      jobs bought at partners, by how they ended
understudy_purchases_open{engine}                those that have not ended
understudy_days_until_end{kind, name}            days until an engine or a model is retired
"""

from collections.abc import Iterable, Sequence

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from understudy.engines.retirement import Ending
from understudy.tasks.store.store import Store


async def figures(store: Store, endings: Sequence[Ending]) -> bytes:
    """All of them in Prometheus' text format. Raises `StoreUnavailable`."""
    registry = CollectorRegistry()
    registry.register(
        _Figures(
            [_tasks(await store.depth()), *_purchases(await store.purchase_counts()), _ends(endings)],
        )
    )
    return generate_latest(registry)


class _Figures(Collector):
    def __init__(self, figures: Sequence[Metric]) -> None:
        self._figures = figures

    def collect(self) -> Iterable[Metric]:
        return self._figures


def _tasks(depth: dict[str, int]) -> Metric:
    metric = GaugeMetricFamily("understudy_tasks", "Tasks by status.", labels=["status"])
    for status, number in sorted(depth.items()):
        metric.add_metric([status], number)
    return metric


def _purchases(counts: dict[tuple[str, str], int]) -> tuple[Metric, Metric]:
    ended = CounterMetricFamily(
        "understudy_purchases", "Jobs bought at partners, by how they ended.", labels=["engine", "outcome"]
    )
    open_ones = GaugeMetricFamily(
        "understudy_purchases_open", "Jobs bought at partners that have not ended.", labels=["engine"]
    )
    for (engine, outcome), number in sorted(counts.items()):
        if outcome:
            ended.add_metric([engine, outcome], number)
        else:
            open_ones.add_metric([engine], number)
    return ended, open_ones


def _ends(endings: Sequence[Ending]) -> Metric:
    metric = GaugeMetricFamily(
        "understudy_days_until_end", "Days until an engine or a model is retired.", labels=["kind", "name"]
    )
    for each in endings:
        metric.add_metric([each.what, each.name], each.days)
    return metric
