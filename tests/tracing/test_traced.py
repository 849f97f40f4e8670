import asyncio

import pytest

from tests.tracing.installation import Spans
from understudy.tracing.otlp import OtelTracer
from understudy.tracing.traced import traced
from understudy.tracing.tracer import NO_TRACER, trace_id


class Shop:
    name = "shop"

    async def buy(self, what: str, number: int = 1) -> str:
        """Buys."""
        if what == "nothing":
            raise ValueError(what)
        await asyncio.sleep(0)
        return f"{number} {what}"

    async def look(self) -> str:
        return self.name


async def test_the_calls_that_were_named_have_spans() -> None:
    spans = Spans()
    shop = traced(Shop(), OtelTracer(spans.provider), {"buy": "shop buy"})
    assert await shop.buy("clips", number=2) == "2 clips"
    assert await shop.look() == shop.name == "shop"
    with pytest.raises(ValueError, match="nothing"):
        await shop.buy("nothing")
    assert [(span.name, span.error) for span in spans.all] == [("shop buy", ""), ("shop buy", "ValueError")]


def test_without_tracing_it_is_the_thing_itself() -> None:
    shop = Shop()
    assert traced(shop, NO_TRACER, {"buy": "shop buy"}) is shop


async def test_what_is_cancelled_is_no_error() -> None:
    spans = Spans()
    tracer = OtelTracer(spans.provider)

    async def wait() -> None:
        with tracer.span("waiting"):
            await asyncio.sleep(60)

    waiting = asyncio.create_task(wait())
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait({waiting})
    (span,) = spans.all
    assert (span.error, span.events) == ("", ("cancelled",))


def test_a_span_of_the_past_is_where_it_was_said_to_be() -> None:
    spans = Spans()
    tracer = OtelTracer(spans.provider)
    with tracer.span("now", parent="") as now:
        parent = tracer.current()
    assert trace_id(parent) == now.trace_id
    tracer.record("then", 10.0, 12.5, {"a": 1}, parent=parent)
    # Two machines may have told the times.
    tracer.record("backwards", 10.0, 9.0, parent=parent)
    (then,), (backwards,) = spans.named("then"), spans.named("backwards")
    assert (then.began, then.ended, then.attributes) == (10 * 10**9, 12_500_000_000, {"a": 1})
    assert backwards.ended == backwards.began
    assert {then.trace, backwards.trace} == {now.trace_id}
    assert then.parent == parent.split("-")[2]


def test_a_sampler_that_keeps_nothing_is_heeded_by_who_goes_on() -> None:
    spans = Spans()
    tracer = OtelTracer(spans.provider)
    unsampled = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"
    with tracer.span("run", parent=unsampled):
        assert tracer.current().endswith("-00")
    assert spans.all == []
