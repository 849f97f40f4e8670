"""One trace from the request to the file and the webhook, whoever does which part of it."""

import asyncio
import base64
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests import postgres
from tests.server.outside import Answer, the_outside
from tests.tracing.installation import SORA, Seen, Spans, credentials, ended, keys, server
from understudy.testing.partners.clock import VirtualClock
from understudy.testing.partners.faults import FaultPlan
from understudy.testing.partners.openai_videos import OpenAIVideos
from understudy.testing.partners.serving import serving

CALLER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
TRACE, SPAN = CALLER.split("-")[1:3]


def tree(spans: Sequence[Seen], parent: str = SPAN) -> dict[str, object]:
    """The names of what is below a span, each with what is below it; equal ones beside each other are one."""
    return {span.name: tree(spans, span.id) for span in spans if span.parent == parent}


async def until_there(spans: Spans, name: str, number: int = 1) -> None:
    while len(spans.named(name)) < number:
        await asyncio.sleep(0.02)


async def test_a_trace_from_the_request_to_the_webhook(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spans = Spans()
    with the_outside() as outside:
        hook = outside.gives("/hook", Answer())
        async with server(tmp_path, spans, monkeypatch) as client:
            answer = await client.post(
                f"/v1/Run/{SORA}",
                json={"prompt": "A road.", "callbackUrl": hook},
                headers=keys(tmp_path) | {"traceparent": CALLER},
            )
            task = await ended(client, tmp_path, answer.json()["taskid"])
            await until_there(spans, "webhook")
    assert task["pexit"] == "0"
    assert {span.trace for span in spans.all} == {TRACE}
    assert tree(spans.all) == {
        "POST /v1/Run/{owner}/{model}": {
            "submit": {"store submit": {}},
            "queue": {},
            "claim": {},
            "run": {
                "engine": {},
                "store apply": {},
                "postprocess": {"storage put": {}, "store apply": {}},
            },
            "webhook": {},
        }
    }
    (request,) = spans.named("POST /v1/Run/{owner}/{model}")
    assert request.attributes == {
        "http.request.method": "POST",
        "http.route": "/v1/Run/{owner}/{model}",
        "http.response.status_code": 200,
    }
    (run,) = spans.named("run")
    about = {
        "understudy.task": int(task["id"]),
        "understudy.project": 1,
        "understudy.model": SORA,
        "understudy.attempt": 1,
    }
    assert run.attributes == about | {"understudy.outcome": "succeeded"}
    assert run.events[-1] == "task_postprocess_end"
    assert "task_start" in run.events
    (webhook,) = spans.named("webhook")
    assert webhook.attributes == about | {
        "server.address": outside.authority,
        "http.response.status_code": 200,
    }
    (queue,), (claim,), (engine,) = (spans.named(name) for name in ("queue", "claim", "engine"))
    assert queue.ended == claim.began <= claim.ended <= run.ended
    assert run.began <= engine.began <= engine.ended <= run.ended
    assert engine.attributes == {"understudy.engine": "trouble"}
    # The receiver learns nothing of our traces.
    assert "traceparent" not in outside.heard("/hook")[0].headers


async def test_without_a_caller_that_traces_a_trace_begins_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spans = Spans()
    async with server(tmp_path, spans, monkeypatch) as client:
        for header in ({}, {"traceparent": "no such thing"}):
            answer = await client.post(
                f"/v1/Run/{SORA}", json={"prompt": "A road."}, headers=keys(tmp_path) | header
            )
            await ended(client, tmp_path, answer.json()["taskid"])
        await until_there(spans, "run", 2)
    requests = spans.named("POST /v1/Run/{owner}/{model}")
    assert [request.parent for request in requests] == ["", ""]
    assert len({request.trace for request in requests}) == 2
    # Polls are not traced, and nothing is outside of these two.
    assert {span.trace for span in spans.all} == {request.trace for request in requests}


async def test_what_goes_wrong_is_marked_by_its_kind_and_tells_no_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spans = Spans()
    async with server(tmp_path, spans, monkeypatch) as client:
        answer = await client.post(
            f"/v1/Run/{SORA}", json={"prompt": "[raise of a secret]"}, headers=keys(tmp_path)
        )
        task = await ended(client, tmp_path, answer.json()["taskid"])
        await until_there(spans, "run")
    assert task["pexit"] == "1"
    (engine,), (run,) = spans.named("engine"), spans.named("run")
    assert (engine.error, engine.events) == ("EngineFailed", ())
    assert run.attributes["understudy.outcome"] == "failed"
    assert "secret" not in repr(spans.all)


async def test_the_steps_of_a_purchase(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spans = Spans()
    fake = OpenAIVideos(FaultPlan(), clock=VirtualClock(speed=20), seconds=1)
    with serving(fake.app) as url:
        options = {"base_url": f"{url}/v1", "api_key": "test-key"}
        async with server(
            tmp_path, spans, monkeypatch, cast={"*": ("openai_videos",)}, engine={"openai_videos": options}
        ) as client:
            answer = await client.post(
                f"/v1/Run/{SORA}",
                json={"prompt": "A road."},
                headers=keys(tmp_path) | {"traceparent": CALLER},
            )
            task = await ended(client, tmp_path, answer.json()["taskid"])
            await until_there(spans, "run")
    assert task["pexit"] == "0"
    (engine,) = spans.named("engine")
    below = tree(spans.all, engine.id)
    assert {"partner submit", "partner check", "partner fetch", "storage put"} <= set(below)
    assert {"store begin_purchase", "store step_purchase"} <= set(below)
    assert {span.trace for span in spans.all} == {TRACE}


@pytest.mark.parametrize("door", ["openai", "google"])
async def test_every_dialect_is_traced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, door: str) -> None:
    spans = Spans()
    async with server(tmp_path, spans, monkeypatch) as client:
        known = credentials(tmp_path)
        token = f"{known.api_key}:{known.api_secret}"
        if door == "openai":
            answer = await client.post(
                "/v1/videos",
                json={"model": "sora-2-pro", "prompt": "A road."},
                headers={"authorization": f"Bearer {token}", "traceparent": CALLER},
            )
        else:
            answer = await client.post(
                "/v1beta/models/openai/sora-2-pro:predictLongRunning",
                json={"instances": [{"prompt": "A road."}]},
                headers={"x-goog-api-key": token, "traceparent": CALLER},
            )
        assert answer.status_code == 200, answer.text
        await until_there(spans, "run")
    (request,) = [span for span in spans.all if span.name.startswith("POST")]
    assert (request.trace, request.parent) == (TRACE, SPAN)
    (run,) = spans.named("run")
    assert (run.trace, run.parent) == (TRACE, request.id)


async def test_the_process_that_answers_and_the_one_that_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering, dispatching = Spans(), Spans()
    common = {
        "database": await postgres.server().new_database(),
        "storage": f"file://{tmp_path}/files",
        "secret_key": base64.b64encode(bytes(32)).decode(),
    }
    folder = tmp_path / "api"
    async with (
        server(folder, answering, monkeypatch, role="api", **common) as client,
        server(tmp_path / "dispatcher", dispatching, monkeypatch, role="dispatcher", **common),
    ):
        answer = await client.post(
            f"/v1/Run/{SORA}", json={"prompt": "A road."}, headers=keys(folder) | {"traceparent": CALLER}
        )
        task = await ended(client, folder, answer.json()["taskid"])
        await until_there(dispatching, "run")
    assert task["pexit"] == "0"
    (request,) = answering.named("POST /v1/Run/{owner}/{model}")
    assert tree(answering.all) == {request.name: {"submit": {"store submit": {}}}}
    below = tree(dispatching.all, request.id)
    assert set(below) == {"queue", "claim", "run"}
    assert {span.trace for span in (*answering.all, *dispatching.all)} == {TRACE}
