"""A server in a process of its own, and a collector on a real socket."""

import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue

from tests.server.caller import SORA, caller
from tests.server.outside import Answer, Outside, the_outside
from tests.server.patience import until
from understudy import __version__
from understudy.errors import ConfigurationError
from understudy.testing.live import live
from understudy.tracing.choice import tracer_for
from understudy.tracing.tracer import NO_TRACER

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACING = 'log.tracing = "otlp"\nlog.format = "json"'


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Outside]:
    with the_outside() as outside:
        outside.gives("/v1/traces", Answer())
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://{outside.authority}")
        yield outside


def taken(collector: Outside) -> list[ExportTraceServiceRequest]:
    """All that it was given."""
    return [
        ExportTraceServiceRequest.FromString(asked.body)
        for asked in collector.asked
        if asked.path == "/v1/traces"
    ]


def texts(attributes: Sequence[KeyValue]) -> dict[str, str]:
    return {each.key: each.value.string_value for each in attributes}


def test_a_collector_gets_one_trace_from_the_request_to_the_file(collector: Outside, tmp_path: Path) -> None:
    with live(tmp_path, config=TRACING) as server, caller(server) as project:
        headers = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
        answer = project.ask(f"Run/{SORA}", json={"prompt": "A road."}, headers=headers).json()
        assert project.end_of(answer["taskid"])["pexit"] == "0"
    # What it had not sent yet, it sent at its end.
    found = [
        (texts(group.resource.attributes), span)
        for request in taken(collector)
        for group in request.resource_spans
        for scope in group.scope_spans
        for span in scope.spans
    ]
    assert {span.trace_id.hex() for _, span in found} == {TRACE}
    assert {span.name for _, span in found} >= {
        "POST /v1/Run/{owner}/{model}",
        "submit",
        "run",
        "storage put",
    }
    for resource, _ in found:
        assert (resource["service.name"], resource["service.version"]) == ("understudy", __version__)
        assert resource["service.instance.id"]


def test_the_operator_names_the_service(
    collector: Outside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_SERVICE_NAME", "clips")
    with live(tmp_path, config=TRACING) as server, caller(server) as project:
        project.end_of(project.run()[0])
    names = {
        texts(group.resource.attributes)["service.name"]
        for request in taken(collector)
        for group in request.resource_spans
    }
    assert names == {"clips"}


def test_a_collector_that_is_away_costs_spans_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    with live(tmp_path, config=TRACING) as server, caller(server) as project:
        assert project.end_of(project.run()[0])["pexit"] == "0"
        began = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - began < 12
    assert "opentelemetry" in server.log
    assert "Traceback" not in server.log


def test_lines_of_the_log_name_the_trace(collector: Outside, tmp_path: Path) -> None:
    with live(tmp_path, engine="trouble", config=TRACING) as server, caller(server) as project:
        headers = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
        asked = project.ask(f"Run/{SORA}", json={"prompt": "[raise it]"}, headers=headers)
        project.end_of(asked.json()["taskid"])
        (line,) = until(lambda: [each for each in server.log.splitlines() if "Engine trouble:" in each])
    assert f'"trace":"{TRACE}"' in line


async def test_without_the_extra_the_server_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "understudy.tracing.otlp", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'understudy\[otel\]'"):
        async with tracer_for("otlp", "me"):
            pass


async def test_off_is_the_tracer_that_does_nothing() -> None:
    async with tracer_for("off", "me") as tracer:
        assert tracer is NO_TRACER
        assert tracer.current() == ""
        with tracer.span("a", parent="") as span:
            span.event("b")
            span.set({"c": 1})
            assert (span.trace_id, tracer.current()) == ("", "")
        tracer.record("d", 1.0, 2.0, parent="")
