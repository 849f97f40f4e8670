"""Whole servers inside a test, each with spans of its own that are kept in memory."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import format_span_id, format_trace_id

from understudy.assembly import assembled
from understudy.client.credentials import Credentials
from understudy.client.signing import signed_headers
from understudy.config import Settings
from understudy.testing.live import ENGINES
from understudy.tracing.otlp import OtelTracer

SORA = "openai/sora-2-pro"
URL = "http://understudy.test"


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """A span as tests look at it."""

    name: str
    trace: str
    id: str
    parent: str
    """The id of the span that it is in; "" for none."""
    attributes: dict[str, Any]
    events: tuple[str, ...]
    error: str
    began: int
    ended: int
    """Nanoseconds."""


class Spans:
    """Every span that was made."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        self.provider = TracerProvider(shutdown_on_exit=False)
        self.provider.add_span_processor(SimpleSpanProcessor(self._exporter))

    @property
    def all(self) -> list[Seen]:
        """In the order in which they ended."""
        return [_seen(span) for span in self._exporter.get_finished_spans()]

    def named(self, name: str) -> list[Seen]:
        """Those of a name."""
        return [span for span in self.all if span.name == name]


def _seen(span: ReadableSpan) -> Seen:
    assert span.context is not None
    assert span.start_time is not None
    assert span.end_time is not None
    return Seen(
        name=span.name,
        trace=format_trace_id(span.context.trace_id),
        id=format_span_id(span.context.span_id),
        parent=format_span_id(span.parent.span_id) if span.parent else "",
        attributes=dict(span.attributes or {}),
        events=tuple(event.name for event in span.events),
        error=span.status.description or "",
        began=span.start_time,
        ended=span.end_time,
    )


@asynccontextmanager
async def server(
    folder: Path, spans: Spans, monkeypatch: pytest.MonkeyPatch, **settings: Any
) -> AsyncIterator[httpx.AsyncClient]:
    """A server in `folder` that traces into `spans`, and a client of its."""

    @asynccontextmanager
    async def tracer_for(*_: object) -> AsyncIterator[OtelTracer]:
        yield OtelTracer(spans.provider)

    folder.mkdir(exist_ok=True)
    given: dict[str, Any] = {
        "data": folder,
        "engines": ENGINES,
        "cast": {"*": ("trouble",)},
        "tracing": "otlp",
        "allow_addresses": ("127.0.0.1",),
    }
    with monkeypatch.context() as patched:
        patched.setattr("understudy.assembly.ground.tracer_for", tracer_for)
        whole = assembled(Settings(**(given | settings)), folder, URL)
        running = await whole.__aenter__()
    try:
        transport = httpx.ASGITransport(running.app)
        async with httpx.AsyncClient(transport=transport, base_url=URL, timeout=30) as client:
            yield client
    finally:
        await whole.__aexit__(None, None, None)


def credentials(folder: Path) -> Credentials:
    """Of the first project."""
    return Credentials(**json.loads((folder / "credentials.json").read_text()))


def keys(folder: Path) -> dict[str, str]:
    """Headers that sign a request of the first project."""
    return signed_headers(credentials(folder), time.time())


async def ended(client: httpx.AsyncClient, folder: Path, id: str) -> dict[str, Any]:
    """A task, once it is over."""
    while True:
        answer = await client.post("/v1/Task/Detail", json={"taskid": id}, headers=keys(folder))
        task: dict[str, Any] = answer.json()["tasklist"][0]
        if task["status"] in ("task_postprocess_end", "task_cancel", "task_error"):
            return task
        await asyncio.sleep(0.02)
