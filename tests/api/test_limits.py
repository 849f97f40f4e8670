"""How often, how many, how much: each limit through the door of each dialect."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from tests.api.google import talk
from tests.api.openai_videos import asking
from tests.api.served import BASE, NOW, PROMPT, SORA, Served, serving
from tests.tasks.examples import claimed_by_an_engine
from understudy.api.app import create_app
from understudy.tasks import lifecycle
from understudy.tasks.lifecycle import Status
from understudy.tasks.rates import Rates
from understudy.tasks.records import Charge, ProjectLimits

RATE, BURST = 50.0, 3
SENTENCE = "This project may send 50 requests a second. Send this one again after the time in Retry-After."
MODEL = "openai/sora-2-pro"


async def submit_wire(served: Served) -> httpx.Response:
    return await served.post(SORA, PROMPT)


async def submit_openai(served: Served) -> httpx.Response:
    return await asking.ask(served, "POST", asking.VIDEOS, json={"prompt": "A road.", "model": "sora-2-pro"})


async def submit_google(served: Served) -> httpx.Response:
    return await talk.predict(served)


async def look_wire(served: Served) -> httpx.Response:
    return await served.post("/v1/Task/List", {})


async def look_openai(served: Served) -> httpx.Response:
    return await asking.ask(served, "GET", asking.VIDEOS)


async def look_google(served: Served) -> httpx.Response:
    return await served.client.get(f"/v1beta/{talk.DEVELOPER}", headers=talk.key(served))


def said(answer: httpx.Response) -> Any:
    """The error, in the dialect's own form."""
    body = answer.json()
    return body["errors"] if "errors" in body else body["error"]


class Clock:
    """Unix seconds, as the test sets them."""

    now = NOW

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def with_rates(served: Served, limits: ProjectLimits, clock: Clock) -> AsyncIterator[Served]:
    """The same server with limits of requests: another process of it."""
    parts = replace(served.parts, rates=Rates(served.parts.store, clock, limits))
    app = create_app(parts)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE) as client:
        yield Served(parts, served.owner, client, app)


Ask = Callable[[Served], Awaitable[httpx.Response]]


@pytest.mark.parametrize(
    ("ask", "error"),
    [
        (submit_wire, [{"code": 0, "message": SENTENCE}]),
        (look_wire, [{"code": 0, "message": SENTENCE}]),
        (
            submit_openai,
            {"message": SENTENCE, "type": "rate_limit_error", "param": None, "code": "rate_limit_exceeded"},
        ),
        (
            look_openai,
            {"message": SENTENCE, "type": "rate_limit_error", "param": None, "code": "rate_limit_exceeded"},
        ),
        (submit_google, {"code": 429, "message": SENTENCE, "status": "RESOURCE_EXHAUSTED"}),
        (look_google, {"code": 429, "message": SENTENCE, "status": "RESOURCE_EXHAUSTED"}),
    ],
)
async def test_who_asks_too_often_is_told_when_to_ask_again(served: Served, ask: Ask, error: Any) -> None:
    clock = Clock()
    async with with_rates(served, ProjectLimits(rate=RATE, burst=BURST), clock) as limited:
        for _ in range(BURST):
            assert (await ask(limited)).status_code == 200
        tasks = await limited.tasks()
        refused = await ask(limited)
        assert (refused.status_code, said(refused)) == (429, error)
        assert int(refused.headers["retry-after"]) == 1
        assert await limited.tasks() == tasks, "nothing was accepted"
        clock.now += 2 / RATE
        await asyncio.sleep(2 / RATE)
        assert (await ask(limited)).status_code == 200


async def test_the_rate_holds_over_dialects_and_processes(served: Served) -> None:
    clock, limits = Clock(), ProjectLimits(rate=0.1, burst=6)
    async with with_rates(served, limits, clock) as one, with_rates(served, limits, clock) as other:
        asked = [
            await ask(process)
            for ask in (look_wire, look_openai, look_google)
            for process in (one, other, one)
        ]
        assert [answer.status_code for answer in asked] == [200] * 6 + [429] * 3
        assert int(asked[-1].headers["retry-after"]) == 10


async def test_a_project_s_own_rate_comes_first_and_others_are_not_slowed(served: Served) -> None:
    projects = served.parts.projects
    patient = await projects.create("patient")
    await projects.set_limits(served.owner.project.id, ProjectLimits(rate=0.1, burst=1))
    async with with_rates(served, ProjectLimits(), Clock()) as limited:
        assert [(await look_wire(limited)).status_code for _ in range(3)] == [200, 429, 429]
        headers = limited.headers(patient)
        answers = [await limited.client.post("/v1/Task/List", headers=headers, json={}) for _ in range(20)]
        assert {answer.status_code for answer in answers} == {200}


async def test_who_is_not_let_in_uses_up_nothing(served: Served) -> None:
    async with with_rates(served, ProjectLimits(rate=0.1, burst=1), Clock()) as limited:
        forged = limited.headers() | {"x-signature": "0" * 64}
        for _ in range(5):
            assert (await limited.client.post("/v1/Task/List", headers=forged)).status_code == 401
        assert (await look_wire(limited)).status_code == 200


FULL = "The queue of this project is full: 2 of its tasks wait. Send this again when one of them has begun."


@pytest.mark.parametrize(
    ("submit", "status", "error"),
    [
        (submit_wire, 200, [{"code": 96, "message": FULL}]),
        (
            submit_openai,
            429,
            {"message": FULL, "type": "rate_limit_error", "param": None, "code": "rate_limit_exceeded"},
        ),
        (submit_google, 429, {"code": 429, "message": FULL, "status": "RESOURCE_EXHAUSTED"}),
    ],
)
async def test_a_full_queue(served: Served, submit: Ask, status: int, error: Any) -> None:
    await served.parts.projects.set_limits(served.owner.project.id, ProjectLimits(queued=2))
    for _ in range(2):
        await served.run()
    refused = await submit(served)
    assert (refused.status_code, said(refused)) == (status, error)
    assert len(await served.tasks()) == 2
    await claimed_by_an_engine(served.parts.store, MODEL, NOW)
    await submit(served)
    assert len(await served.tasks()) == 3


SPENT = "The project's budget of $1.00 for this {period} is spent. A new {period} begins by the clock of UTC."


@pytest.mark.parametrize("period", ["hour", "month"])
@pytest.mark.parametrize(
    ("submit", "status", "error"),
    [
        (submit_wire, 200, [{"code": 97, "message": SPENT}]),
        (
            submit_openai,
            429,
            {"message": SPENT, "type": "insufficient_quota", "param": None, "code": "insufficient_quota"},
        ),
        (submit_google, 403, {"code": 403, "message": SPENT, "status": "PERMISSION_DENIED"}),
    ],
)
async def test_a_budget_that_is_spent(
    served: Served, submit: Ask, status: int, error: Any, period: str
) -> None:
    limits = {"hour": ProjectLimits(hourly=Decimal(1)), "month": ProjectLimits(monthly=Decimal(1))}
    await served.parts.projects.set_limits(served.owner.project.id, limits[period])
    for amount in ("0.40", "0.60"):
        await submit(served)
        await _paid(served, Decimal(amount))
    refused = await submit(served)
    expected = str(error).replace("{period}", period)
    assert (refused.status_code, str(said(refused))) == (status, expected)
    assert "retry-after" not in refused.headers, "a wait of minutes or weeks: nobody is to wait for it"
    if submit is submit_openai:
        assert refused.headers["x-should-retry"] == "false"
    assert len(await served.tasks()) == 2


async def test_a_limited_project_may_still_look_and_cancel(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        await served.parts.projects.set_limits(
            served.owner.project.id, ProjectLimits(queued=1, monthly=Decimal(0))
        )
        assert (await submit_wire(served)).json()["errors"][0]["code"] == 97
        await served.parts.projects.set_limits(served.owner.project.id, ProjectLimits(queued=1))
        task, _ = await served.run()
        assert (await submit_wire(served)).json()["errors"][0]["code"] == 96
        assert (await served.post("/v1/Task/Detail", {"taskid": task})).json()["result"]
        assert (await served.post("/v1/Task/Cancel", {"taskid": task})).json()["result"]
        assert (await submit_wire(served)).json()["result"], "what was cancelled waits no more"


async def _paid(served: Served, amount: Decimal) -> None:
    """The task that waits is done, for so much."""
    store = served.parts.store
    (waiting,) = [task for task in await served.tasks() if task.status == Status.QUEUE]
    task = await claimed_by_an_engine(store, waiting.model, NOW)
    started = await store.apply(task.id, lifecycle.advance(task, Status.START, NOW + 1))
    assert started is not None
    end = lifecycle.finish(started, NOW + 2, pexit="0", charge=Charge(amount=amount))
    assert await store.apply(task.id, end)
