"""Everything that can go wrong, and what it means: the exception, and how many jobs were bought."""

import asyncio
import socket
from pathlib import Path

import pytest

from tests.engines.google_veo.setting import no_fetch, setting
from understudy.engines.google_veo.adapter import partner
from understudy.engines.partner import Tools
from understudy.errors import (
    EngineRefused,
    NotAccepted,
    PartnerAway,
    ResultLost,
    Unclear,
)
from understudy.testing.partners.faults import Fault, Kind


@pytest.mark.parametrize(
    ("kind", "paid"),
    [
        ("drop before", 0),
        ("drop after", 1),
        ("error before", 0),
        ("error after", 1),
        ("hang before", 0),
        ("hang after", 1),
        ("truncated", 1),
        ("damaged", 1),
        ("wrong type", 1),
        ("redirects", 0),
    ],
)
async def test_what_may_have_been_bought(kind: Kind, paid: int) -> None:
    async with setting(Fault("create", kind)) as at:
        with pytest.raises(Unclear) as unclear:
            await at.bought()
        assert "test-key" not in str(unclear.value)
        assert at.fake.paid == paid
        assert len(at.fake.requests) == 1


async def test_a_time_out_after_the_request_went_out() -> None:
    async with setting(Fault("create", "hang after", seconds=3), timeout_seconds=0.3) as at:
        with pytest.raises(Unclear):
            await at.bought()
        assert at.fake.paid == 1
        assert len(at.fake.requests) == 1


async def test_a_slow_answer_is_an_answer() -> None:
    async with setting(Fault("create", "slow")) as at:
        assert (await at.partner.check(await at.bought())).state == "running"
        assert at.fake.paid == 1


@pytest.mark.parametrize(
    ("kind", "busy", "content", "wait", "said"),
    [
        ("busy", True, False, 2.0, "too many requests"),
        ("refused", False, False, None, "invalid argument"),
        ("refused content", False, True, None, "Responsible AI"),
        ("no account", False, False, None, "key or the account"),
    ],
)
async def test_what_was_refused(kind: Kind, busy: bool, content: bool, wait: float | None, said: str) -> None:
    async with setting(Fault("create", kind)) as at:
        with pytest.raises(NotAccepted, match=said) as refused:
            await at.bought()
        assert (refused.value.busy, refused.value.content) == (busy, content)
        assert refused.value.retry_after == wait
        assert at.fake.paid == 0
        assert len(at.fake.requests) == 1
        await at.bought()
        assert at.fake.paid == 1


async def test_a_model_that_is_gone() -> None:
    async with setting(model="veo-2.0-generate-001") as at:
        with pytest.raises(NotAccepted, match="does not know the model"):
            await at.bought()


async def test_nobody_there() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{held.getsockname()[1]}"
        made = partner({"base_url": url, "api_key": "test-key"}, Tools(fetch=no_fetch, clock=lambda: 0.0))
        async with setting() as at:
            prepared = await at.prepared()
        with pytest.raises(NotAccepted, match="could not be reached") as away:
            await made.submit(prepared, "key-1", "")
        assert away.value.busy
        with pytest.raises(PartnerAway, match="could not be reached"):
            await made.check("publishers/google/models/m/operations/1")
        await made.close()


@pytest.mark.parametrize(
    "kind",
    [
        "drop before",
        "busy",
        "error before",
        "hang before",
        "truncated",
        "damaged",
        "wrong type",
        "no account",
        "redirects",
    ],
)
async def test_a_question_that_is_not_answered_may_be_asked_again(kind: Kind, tmp_path: Path) -> None:
    async with setting(Fault("check", kind)) as at:
        id = await at.done()
        with pytest.raises(PartnerAway) as away:
            await at.partner.check(id)
        assert away.value.retry_after == (2.0 if kind == "busy" else None)
        assert (await at.partner.check(id)).state == "done"
        assert await at.partner.fetch(id, tmp_path)
        assert at.fake.paid == 1


@pytest.mark.parametrize("kind", ["truncated", "drop before", "wrong type"])
async def test_a_result_that_does_not_arrive(kind: Kind, tmp_path: Path) -> None:
    async with setting(Fault("content", kind)) as at:
        id = await at.done()
        with pytest.raises(PartnerAway):
            await at.partner.fetch(id, tmp_path)
        (output,) = await at.partner.fetch(id, tmp_path)
        assert Path(output.path).read_bytes() == at.fake.clip
        assert at.fake.paid == 1


async def test_a_result_that_arrives_slowly(tmp_path: Path) -> None:
    async with setting(Fault("content", "slow")) as at:
        assert await at.partner.fetch(await at.done(), tmp_path)


@pytest.mark.parametrize("kind", ["damaged", "expired"])
async def test_a_result_that_is_lost(kind: Kind, tmp_path: Path) -> None:
    async with setting(Fault("content", kind)) as at:
        id = await at.done()
        with pytest.raises(ResultLost):
            await at.partner.fetch(id, tmp_path)


async def test_a_job_that_is_forgotten() -> None:
    async with setting(Fault("create", "forgotten")) as at:
        id = await at.bought()
        with pytest.raises(ResultLost, match="does not know"):
            await at.partner.check(id)


async def test_what_the_filters_withhold(tmp_path: Path) -> None:
    async with setting(Fault("create", "filtered")) as at:
        id = await at.done()
        stands = await at.partner.check(id)
        assert (stands.state, stands.fault, stands.charged) == ("failed", "content", False)
        assert "usage guidelines. Support codes: 15236754" in stands.reason
        with pytest.raises(EngineRefused, match="Support codes"):
            await at.partner.fetch(id, tmp_path)


async def test_a_job_that_fails() -> None:
    async with setting(Fault("create", "fails")) as at:
        stands = await at.partner.check(await at.done())
        assert (stands.state, stands.fault, stands.charged) == ("failed", "partner", None)
        assert "internal server issue" in stands.reason


async def test_an_id_that_is_no_operation_is_never_sent() -> None:
    async with setting() as at:
        for id in ("", "x", "publishers/google/models/m/operations/../../secrets", "a/operations/b?c"):
            with pytest.raises(ResultLost):
                await at.partner.check(id)
        assert at.fake.requests == []


async def test_a_purchase_that_is_cancelled_is_not_swallowed() -> None:
    async with setting(Fault("create", "hang after", seconds=3), timeout_seconds=5) as at:
        task = asyncio.create_task(at.bought())
        while not at.fake.paid:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
