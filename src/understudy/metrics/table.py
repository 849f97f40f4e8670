"""Every metric. `docs/metrics.md` has the same table, compared by a test."""

from typing import Literal

import msgspec

Kind = Literal["gauge", "counter", "histogram"]
Scope = Literal["installation", "process"]
"""What a figure is about: all processes tell the same of their installation, and each tells its own of itself."""


class Metric(msgspec.Struct, frozen=True):
    """One metric."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    scope: Scope
    help: str


METRICS = (
    Metric("understudy_tasks", "gauge", ("status",), "installation", "Tasks by status, terminal ones too."),
    Metric("understudy_queue_depth", "gauge", ("model",), "installation", "Tasks that wait."),
    Metric(
        "understudy_queue_age_seconds", "gauge", ("model",), "installation", "How long the oldest has waited."
    ),
    Metric(
        "understudy_webhooks_waiting",
        "gauge",
        (),
        "installation",
        "Webhooks that wait for their next attempt.",
    ),
    Metric(
        "understudy_webhook_lag_seconds",
        "gauge",
        (),
        "installation",
        "How long the oldest of them has been due.",
    ),
    Metric(
        "understudy_purchases_total",
        "counter",
        ("engine", "outcome"),
        "installation",
        "Jobs bought at partners, by how they ended.",
    ),
    Metric(
        "understudy_purchases_open",
        "gauge",
        ("engine",),
        "installation",
        "Jobs bought at partners that have not ended.",
    ),
    Metric(
        "understudy_days_until_end",
        "gauge",
        ("kind", "name"),
        "installation",
        "Days until an engine or a model is retired.",
    ),
    Metric("understudy_running", "gauge", ("engine",), "process", "Tasks that run."),
    Metric("understudy_replicas", "gauge", ("engine", "state"), "process", "Replicas by what they do."),
    Metric(
        "understudy_tasks_ended_total",
        "counter",
        ("model", "engine", "status"),
        "process",
        "Tasks that this process brought to their end, by how they ended.",
    ),
    Metric(
        "understudy_stage_seconds",
        "histogram",
        ("stage", "engine"),
        "process",
        "How long the stages of delivered tasks took.",
    ),
    Metric(
        "understudy_gpu_memory_bytes",
        "gauge",
        ("card", "kind"),
        "process",
        "Memory of this machine's graphics cards.",
    ),
    Metric(
        "understudy_rate_limited_total",
        "counter",
        ("project",),
        "process",
        "Requests refused since their project asks too often.",
    ),
    Metric(
        "understudy_store_seconds", "histogram", ("method",), "process", "How long calls of the store took."
    ),
    Metric(
        "understudy_loop_lag_seconds",
        "gauge",
        (),
        "process",
        "By how much the event loop was late, at worst, since the last look.",
    ),
    Metric(
        "understudy_bus_lag_seconds",
        "gauge",
        (),
        "process",
        "How long ago the news of other processes were known to be complete.",
    ),
    Metric(
        "understudy_leader",
        "gauge",
        ("what",),
        "process",
        "Whether this process does what only one of them should.",
    ),
)
BY_NAME = {metric.name: metric for metric in METRICS}
