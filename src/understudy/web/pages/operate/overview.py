"""At a glance: what waits, what runs, what it costs, what failed."""

import asyncio
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec
from starlette.responses import Response

from understudy.catalogue.manifest import Model
from understudy.engines import retirement
from understudy.engines.cast import Cast
from understudy.tasks.budgets import hour_of
from understudy.tasks.operations.records import Report, Sample, Spent
from understudy.tasks.operations.sampling import sample_of
from understudy.tasks.records import Queue
from understudy.tasks.store.browsing import TaskFilter
from understudy.web.pages.operate.tasks import names_of
from understudy.web.pages.page import Call, Page
from understudy.web.shown import overview
from understudy.web.shown.notices import Notice, Waiting, notices
from understudy.web.shown.overview import DAY, GAP_SECONDS, HOUR, Span
from understudy.web.shown.overview_charts import shown

_FAILURES = 6
_REPLICAS = 50
_STEADY_SECONDS = 30.0
"""A chart's last point stays where it is for so long, so that a chart changes with its figures only."""


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """A task that failed."""

    id: int
    model: str
    project: str
    reason: str
    at: float


class Seen(NamedTuple):
    """What figures and charts are made of, at one moment."""

    now: float
    span: Span
    samples: list[Sample]
    """The last one is the present."""
    queue: dict[str, Queue]
    reports: list[Report]
    spent: list[Spent]
    """Since midnight (UTC)."""


async def _show(call: Call) -> Response:
    seen = await _seen(call)
    lists = await _lists(call, seen.reports)
    return call.page("operate/overview.html", **_now(call, seen), **_charts(seen), **lists)


async def _show_now(call: Call) -> Response:
    return call.page("operate/overview_now.html", **_now(call, await _seen(call)))


async def _show_charts(call: Call) -> Response:
    return call.page("operate/overview_charts.html", **_charts(await _seen(call)))


async def _show_lists(call: Call) -> Response:
    lists = await _lists(call, await call.parts.reports.all())
    return call.page("operate/overview_lists.html", **lists)


async def _seen(call: Call) -> Seen:
    parts, now = call.parts, call.parts.clock()
    span = DAY if call.request.query_params.get("span") == DAY.name else HOUR
    samples, depth, queue, statistics, reports, spent = await asyncio.gather(
        parts.store.operating.samples(now - span.seconds - GAP_SECONDS),
        parts.store.depth(),
        parts.store.queue(),
        parts.store.statistics(),
        parts.reports.all(),
        parts.store.operating.spending(hour_of(now - now % 86400)),
    )
    present = sample_of(now, depth, queue, statistics, reports)
    # Who takes the samples may have another clock.
    before = [each for each in samples if each.at < now]
    return Seen(now, span, [*before, present], queue, reports, spent)


def _now(call: Call, seen: Seen) -> dict[str, Any]:
    """What has to be heard of, and the figures."""
    today = sum((each.amount for each in seen.spent), Decimal(0))
    counted = overview.ended(seen.samples)
    return {
        "notices": _notices(call, seen),
        "figures": overview.figures(seen.samples[-1], counted, seen.span, seen.reports, today),
    }


def _charts(seen: Seen) -> dict[str, Any]:
    *before, present = seen.samples
    early = min(seen.now % _STEADY_SECONDS, seen.now - before[-1].at if before else seen.now)
    steady = msgspec.structs.replace(present, at=seen.now - early, oldest=max(0.0, present.oldest - early))
    return {"span": seen.span, "shown": shown([*before, steady], seen.span, seen.now, seen.spent)}


async def _lists(call: Call, reports: list[Report]) -> dict[str, Any]:
    """The latest failures, replicas, processes and cards."""
    replicas = [(report, each) for report in reports for each in report.replicas]
    replicas.sort(key=lambda pair: (pair[1].engine, pair[1].node or pair[0].host, pair[1].pid))
    return {
        "failures": await _failures(call),
        "replicas": replicas[:_REPLICAS],
        "more_replicas": len(replicas[_REPLICAS:]),
        "reports": reports,
        "cards": overview.cards(reports),
        "states": overview.STATES,
    }


async def _failures(call: Call) -> list[Failure]:
    look = await call.parts.store.browsing.look(TaskFilter(stage="failed"), limit=_FAILURES)
    names = await names_of(call, {task.project for task in look.tasks})
    return [
        Failure(
            id=task.id,
            model=task.model,
            project=names[task.project],
            reason=task.reason,
            at=max(task.postprocess_ended, task.ended) or task.created,
        )
        for task in look.tasks
    ]


def _notices(call: Call, seen: Seen) -> list[Notice]:
    cast, catalogue = call.parts.cast, call.parts.catalogue
    found = [(catalogue.find(*address.split("/", 1)), each.number) for address, each in seen.queue.items()]
    today = datetime.fromtimestamp(seen.now, UTC).date()
    return notices(
        [
            Waiting(model=model.address, number=number, engines=_players(cast, model))
            for model, number in found
            if model is not None
        ],
        seen.reports,
        call.parts.decisions.held,
        retirement.warnings(today, cast.ends, [model for model in catalogue.models if model.enabled]),
    )


def _players(cast: Cast, model: Model) -> tuple[str, ...]:
    able = cast.able(model)
    return tuple(engine.name for engine in cast.of(model) if engine in able)


PAGES = (
    Page("GET", "/operate", "operator", _show),
    Page("GET", "/operate/now", "operator", _show_now),
    Page("GET", "/operate/now/charts", "operator", _show_charts),
    Page("GET", "/operate/now/lists", "operator", _show_lists),
)
