"""Spans for an OpenTelemetry collector, sent by OTLP over HTTP from a thread of their own.

What OpenTelemetry's environment variables say holds: where the collector is (OTEL_EXPORTER_OTLP_ENDPOINT), which
traces are kept (OTEL_TRACES_SAMPLER), what this server is called there (OTEL_SERVICE_NAME).
See https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

import understudy
from understudy.tracing.tracer import Attributes, Kind, Span

_LAST_SECONDS = 5.0
"""How long a server that stops waits for the collector to take the last spans."""
_HEADER = "traceparent"
_KINDS = {
    "internal": trace.SpanKind.INTERNAL,
    "server": trace.SpanKind.SERVER,
    "client": trace.SpanKind.CLIENT,
    "consumer": trace.SpanKind.CONSUMER,
}


@asynccontextmanager
async def otlp_tracer(instance: str) -> AsyncIterator["OtelTracer"]:
    """A `Tracer`; what it made is sent at the end. `instance` names this process."""
    provider = TracerProvider(resource=_resource(instance), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    try:
        yield OtelTracer(provider)
    finally:
        # A thread that nobody waits for: with a collector that does not answer it would take half a minute.
        last = threading.Thread(target=provider.shutdown, name="last spans", daemon=True)
        last.start()
        await asyncio.to_thread(last.join, _LAST_SECONDS)


class OtelTracer:
    """A `Tracer` on OpenTelemetry's."""

    on = True

    def __init__(self, provider: TracerProvider) -> None:
        self._tracer = provider.get_tracer("understudy", understudy.__version__)
        self._propagator = TraceContextTextMapPropagator()

    @contextmanager
    def span(
        self,
        name: str,
        attributes: Attributes | None = None,
        *,
        kind: Kind = "internal",
        parent: str | None = None,
    ) -> Iterator[Span]:
        """See `Tracer`."""
        with self._tracer.start_as_current_span(
            name,
            context=self._context(parent),
            kind=_KINDS[kind],
            attributes=attributes,
            # What an exception says may hold addresses and inputs.
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield _Span(span)
            except asyncio.CancelledError:
                span.add_event("cancelled")
                raise
            except BaseException as error:
                span.set_status(trace.StatusCode.ERROR, type(error).__name__)
                raise

    def record(
        self, name: str, began: float, ended: float, attributes: Attributes | None = None, *, parent: str
    ) -> None:
        """See `Tracer`."""
        span = self._tracer.start_span(
            name, context=self._context(parent), attributes=attributes, start_time=_nanoseconds(began)
        )
        span.end(_nanoseconds(max(began, ended)))

    def current(self) -> str:
        """See `Tracer`."""
        carrier: dict[str, str] = {}
        self._propagator.inject(carrier)
        return carrier.get(_HEADER, "")

    def _context(self, parent: str | None) -> Context | None:
        return None if parent is None else self._propagator.extract({_HEADER: parent}, Context())


class _Span:
    def __init__(self, span: trace.Span) -> None:
        self._span = span
        self.trace_id = trace.format_trace_id(span.get_span_context().trace_id)

    def set(self, attributes: Attributes) -> None:
        self._span.set_attributes(attributes)

    def event(self, name: str) -> None:
        self._span.add_event(name)


def _resource(instance: str) -> Resource:
    named = {"service.version": understudy.__version__, "service.instance.id": instance}
    resource = Resource.create(named)
    if str(resource.attributes["service.name"]).startswith("unknown_service"):
        resource = resource.merge(Resource({"service.name": "understudy"}))
    return resource


def _nanoseconds(seconds: float) -> int:
    return int(seconds * 1e9)
