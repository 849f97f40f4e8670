"""Everything that can go wrong, and what it means: the exception, and how many jobs were bought."""

from pathlib import Path

import pytest

from tests.engines.google_omni.setting import setting
from understudy.engines.google.sdk import decoded
from understudy.engines.google_omni.interactions import Interaction, cancellation, said, standing
from understudy.errors import EngineRefused, NotAccepted, PartnerAway, ResultLost, Unclear
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


@pytest.mark.parametrize(
    ("kind", "busy", "content", "wait"),
    [
        ("busy", True, False, 2.0),
        ("refused", False, False, None),
        ("refused content", False, True, None),
        ("no account", False, False, None),
    ],
)
async def test_what_was_refused(kind: Kind, busy: bool, content: bool, wait: float | None) -> None:
    async with setting(Fault("create", kind)) as at:
        with pytest.raises(NotAccepted) as refused:
            await at.bought()
        assert (refused.value.busy, refused.value.content, refused.value.retry_after) == (busy, content, wait)
        assert at.fake.paid == 0
        assert len(at.fake.requests) == 1


@pytest.mark.parametrize(
    "kind",
    ["drop before", "busy", "error before", "hang before", "truncated", "damaged", "wrong type", "redirects"],
)
@pytest.mark.parametrize("step", ["check", "cancel", "delete"])
async def test_a_question_that_is_not_answered_may_be_asked_again(step: str, kind: Kind) -> None:
    async with setting(Fault(step, kind)) as at:  # type: ignore[arg-type]
        id = await at.bought()
        ask = getattr(at.partner, step)
        if step == "delete" and kind in ("damaged", "wrong type"):
            await ask(id)  # deleted is deleted, whatever is said of it
            return
        with pytest.raises(PartnerAway):
            await ask(id)
        await ask(id)
        assert at.fake.paid == 1


@pytest.mark.parametrize("delivery", ["uri", "inline"])
@pytest.mark.parametrize("kind", ["truncated", "drop before", "error before"])
async def test_a_result_that_does_not_arrive(kind: Kind, delivery: str, tmp_path: Path) -> None:
    async with setting(Fault("content", kind), delivery=delivery) as at:
        id = await at.done()
        with pytest.raises(PartnerAway):
            await at.partner.fetch(id, tmp_path)
        (output,) = await at.partner.fetch(id, tmp_path)
        assert Path(output.path).read_bytes() == at.fake.clip


@pytest.mark.parametrize("delivery", ["uri", "inline"])
async def test_a_result_that_is_damaged(delivery: str, tmp_path: Path) -> None:
    async with setting(Fault("content", "damaged"), delivery=delivery) as at:
        with pytest.raises(ResultLost):
            await at.partner.fetch(await at.done(), tmp_path)


async def test_a_cancel_whose_answer_is_lost_has_stopped_the_job() -> None:
    async with setting(Fault("cancel", "drop after")) as at:
        id = await at.bought()
        with pytest.raises(PartnerAway):
            await at.partner.cancel(id)
        assert await at.partner.cancel(id) == "stopped"


async def test_a_link_that_has_expired_is_asked_for_anew(tmp_path: Path) -> None:
    async with setting(Fault("content", "expired")) as at:
        id = await at.done()
        await at.partner.check(id)
        with pytest.raises(PartnerAway, match="404"):
            await at.partner.fetch(id, tmp_path)
        asked = len(at.fake.requests)
        await at.partner.fetch(id, tmp_path)
        assert [each.path.rpartition("/")[0] for each in at.fake.requests[asked:]] == [
            "/v1/interactions",
            "/v1/files",
        ]


async def test_a_page_in_place_of_a_clip(tmp_path: Path) -> None:
    async with setting(Fault("content", "wrong type")) as at:
        with pytest.raises(ResultLost, match="cannot be copied"):
            await at.partner.fetch(await at.done(), tmp_path)


async def test_a_job_that_is_forgotten() -> None:
    async with setting(Fault("create", "forgotten")) as at:
        id = await at.bought()
        for ask in (at.partner.check, at.partner.cancel):
            with pytest.raises(ResultLost):
                await ask(id)
        await at.partner.delete(id)


async def test_what_the_filters_withhold(tmp_path: Path) -> None:
    async with setting(Fault("create", "filtered")) as at:
        id = await at.done()
        stands = await at.partner.check(id)
        assert (stands.state, stands.fault) == ("failed", "content")
        with pytest.raises(EngineRefused, match="blocked: safety settings"):
            await at.partner.fetch(id, tmp_path)


async def test_a_job_that_fails() -> None:
    async with setting(Fault("create", "fails")) as at:
        stands = await at.partner.check(await at.done())
        assert (stands.state, stands.fault, stands.charged) == ("failed", "partner", None)
        assert "internal error" in stands.reason


async def test_an_id_that_is_none_is_never_sent() -> None:
    async with setting() as at:
        for id in ("", "..", "a/b", "a?b", "#silent"):
            for ask in (at.partner.check, at.partner.cancel):
                with pytest.raises(ResultLost):
                    await ask(id)
        assert at.fake.requests == []


def said_by(type: str, content: str) -> str:
    """An interaction that is over, with one step."""
    return f'{{"status": "completed", "steps": [{{"type": "{type}", "content": [{content}]}}]}}'


def stands(answer: str) -> tuple[str, str, str]:
    interaction = decoded(answer, Interaction)
    found = standing(interaction, said(interaction))
    return found.state, found.fault, found.reason


@pytest.mark.parametrize(
    ("answer", "state", "fault", "part"),
    [
        ('{"id": "1", "status": "in_progress"}', "running", "partner", ""),
        ('{"id": "1", "status": "something_new"}', "running", "partner", ""),
        ('{"id": "1", "status": "completed", "steps": []}', "failed", "partner", "without a clip."),
        (
            said_by("model_output", '{"type": "text", "text": "That would break our usage guidelines."}'),
            "failed",
            "content",
            "usage guidelines",
        ),
        (
            said_by("user_input", '{"type": "video", "data": "AAAA"}'),
            "failed",
            "partner",
            "without a clip",
        ),
        (
            '{"status": "failed", "steps": [{"type": "model_output", "error": {"code": 3, "message": "Too dark."}}]}',
            "failed",
            "input",
            "Too dark.",
        ),
        (
            '{"status": "failed", "errors": [{"code": "invalid_request"}]}',
            "failed",
            "input",
            "invalid_request",
        ),
        ('{"status": "failed"}', "failed", "partner", "failed at the partner."),
    ],
)
def test_ends(answer: str, state: str, fault: str, part: str) -> None:
    found = stands(answer)
    assert found[:2] == (state, fault)
    assert part in found[2]


@pytest.mark.parametrize(
    ("answer", "led_to"),
    [
        ('{"status": "cancelled", "usage": {"total_output_tokens": 0}}', "stopped"),
        ('{"status": "cancelled", "usage": {"total_output_tokens": 900}}', "charged"),
        ('{"status": "cancelled"}', "charged"),
        ('{"status": "completed"}', "cannot"),
    ],
)
def test_what_a_cancel_leads_to(answer: str, led_to: str) -> None:
    assert cancellation(decoded(answer, Interaction)) == led_to
