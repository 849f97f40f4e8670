"""How a job stands, whatever the server answers."""

import pytest

from tests.engines.openai_videos.setting import setting
from tests.engines.openai_videos.test_submit import answering
from understudy.engines.openai_videos.answers import body_of, seconds_to_wait, standing
from understudy.engines.openai_videos.partner import load
from understudy.engines.partner import Tools
from understudy.errors import PartnerAway, ResultLost
from understudy.testing.partners.clock import VirtualClock
from understudy.testing.partners.faults import Fault, Kind
from understudy.testing.partners.openai_videos import Profile


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
@pytest.mark.parametrize("profile", ["openai", "vllm-omni"])
async def test_a_server_that_is_away(kind: Kind, profile: Profile) -> None:
    async with setting(Fault("check", kind), profile=profile) as here:
        id = await here.bought()
        with pytest.raises(PartnerAway) as away:
            await here.partner.check(id)
        assert away.value.retry_after == (7 if kind == "busy" else None)
        assert (await here.partner.check(id)).state == "queued"
        assert here.fake.paid == 1


@pytest.mark.parametrize(
    ("body", "state", "progress"),
    [
        (b'{"status": "queued", "progress": 0}', "queued", 0),
        (b'{"status": "pending"}', "queued", None),
        (b'{"status": "in_progress", "progress": 33}', "running", 33),
        (b'{"status": "processing", "progress": 12.5}', "running", 12.5),
        (b'{"status": " In_Progress ", "progress": 400}', "running", 100),
        (b'{"status": "in_progress", "progress": -1}', "running", 0),
        (b'{"status": "in_progress", "progress": "half"}', "running", None),
        (b'{"status": "in_progress", "progress": true}', "running", None),
        (b'{"status": "some_new_word"}', "running", None),
        (b'{"status": "completed", "error": null}', "done", None),
        (b'{"status": "succeeded"}', "done", None),
        (b'{"status": "completed", "error": {"code": "INTERNAL", "message": "broke"}}', "failed", None),
        (b'{"status": "failed"}', "failed", None),
        (b'{"status": "cancelled", "error": 7}', "failed", None),
    ],
)
def test_words_for_a_status(body: bytes, state: str, progress: float | None) -> None:
    found = standing(body_of(body) or {}, None, None)
    assert found is not None
    assert (found.state, found.progress) == (state, progress)


@pytest.mark.parametrize("body", [b"{}", b'{"status": null}', b'{"status": 1}', b"[]", b"<html>", b""])
async def test_an_answer_that_is_no_job(body: bytes) -> None:
    with answering(200, body) as (address, _):
        options = {"base_url": address, "api_key": "secret", "model": "sora-2"}
        partner = load(options, Tools(fetch=None, clock=VirtualClock()))  # type: ignore[arg-type]
        with pytest.raises(PartnerAway):
            await partner.check("video_1")
        await partner.close()


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (b'{"code": "moderation_blocked", "message": "Blocked."}', "content"),
        (b'{"code": "content_policy_violation"}', "content"),
        (b'{"code": null, "message": "Rejected by our safety system."}', "content"),
        (b'{"code": "OutOfMemoryError", "message": "on the way to safety"}', "partner"),
        (b'{"code": 400, "message": "bad size"}', "input"),
        (b'{"code": 400, "message": "Blocked by our moderation system."}', "content"),
        (b'{"code": "invalid_image", "message": "bad"}', "input"),
        (b'{"code": "video_generation_failed", "message": "x"}', "partner"),
        (b'"out of memory"', "partner"),
        (b"null", "partner"),
    ],
)
def test_whose_fault_a_failure_is(error: bytes, fault: str) -> None:
    found = standing(body_of(b'{"status": "failed", "error": ' + error + b"}") or {}, None, None)
    assert found is not None
    assert found.fault == fault
    assert found.reason


@pytest.mark.parametrize(
    ("profile", "status", "body", "state"),
    [
        (
            "vllm-omni",
            500,
            b'{"status": "failed", "error": {"code": 500, "message": "no memory"}}',
            "partner",
        ),
        ("vllm-omni", 400, b'{"status": "failed", "error": {"code": 400, "message": "bad size"}}', "input"),
        ("vllm-omni", 429, b'{"status": "failed", "error": {"code": 429, "message": "busy"}}', "partner"),
        ("vllm-omni", 500, b'{"error": {"code": 500, "message": "out of memory"}}', None),
        ("vllm-omni", 502, b'{"error": {"message": "bad gateway"}}', None),
        ("vllm-omni", 500, b"<html>", None),
        ("openai", 500, b'{"error": {"message": "internal"}}', None),
        ("openai", 500, b'{"status": "failed", "error": {"code": "x", "message": "y"}}', "partner"),
    ],
)
async def test_an_error_status_is_a_failed_job_only_where_the_server_says_so(
    profile: str, status: int, body: bytes, state: str | None
) -> None:
    with answering(status, body) as (address, _):
        options = {"profile": profile, "base_url": address, "api_key": "secret", "model": "sora-2"}
        partner = load(options, Tools(fetch=None, clock=VirtualClock()))  # type: ignore[arg-type]
        try:
            if state is None:
                with pytest.raises(PartnerAway):
                    await partner.check("video_1")
            else:
                found = await partner.check("video_1")
                assert (found.state, found.fault) == ("failed", state)
        finally:
            await partner.close()


@pytest.mark.parametrize(("status", "body"), [(404, b"{}"), (410, b""), (200, b'{"status": "deleted"}')])
async def test_a_job_that_is_gone(status: int, body: bytes) -> None:
    with answering(status, body) as (address, seen):
        options = {"base_url": address, "api_key": "secret", "model": "sora-2"}
        partner = load(options, Tools(fetch=None, clock=VirtualClock()))  # type: ignore[arg-type]
        with pytest.raises(ResultLost):
            await partner.check("video_/../1?x=y")
        await partner.close()
    assert seen == ["/v1/videos/video_/../1?x=y"], "the id is one part of the path, whatever is in it"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"openai-poll-after-ms": "1500"}, 1.5),
        ({"openai-poll-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after": "9"}, 9),
        ({"retry-after": "Thu, 01 Jan 1970 00:02:00 GMT"}, 20),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:00 GMT"}, 0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "-4"}, None),
        ({"retry-after": "1e300"}, 3600),
    ],
)
def test_when_to_ask_again(headers: dict[str, str], seconds: float | None) -> None:
    assert seconds_to_wait(headers, 100) == seconds


async def test_vllm_stops_a_job_and_no_other_does() -> None:
    for profile in ("openai", "azure", "sglang", "fastvideo", "litellm", "gateway"):
        async with setting(profile=profile) as here:  # type: ignore[arg-type]
            id = await here.bought()
            assert await here.partner.cancel(id) == "cannot"
            assert not here.fake.jobs[id].deleted
    async with setting(profile="vllm-omni") as here:
        id = await here.bought()
        assert await here.partner.cancel(id) == "stopped"
        assert here.fake.jobs[id].deleted
        with pytest.raises(ResultLost):
            await here.partner.cancel(id)


async def test_a_job_that_is_over_is_not_stopped_but_kept() -> None:
    async with setting(profile="vllm-omni") as here:
        id = await here.done()
        assert await here.partner.cancel(id) == "cannot"
        assert not here.fake.jobs[id].deleted


@pytest.mark.parametrize("kind", ["drop before", "busy", "error before", "no account"])
async def test_a_stop_or_deletion_that_does_not_get_through(kind: Kind) -> None:
    async with setting(Fault("cancel", kind), Fault("delete", kind), profile="vllm-omni") as here:
        id = await here.bought()
        with pytest.raises(PartnerAway):
            await here.partner.cancel(id)
        here.clock.advance(20)
        with pytest.raises(PartnerAway):
            await here.partner.delete(id)
        assert not here.fake.jobs[id].deleted


async def test_deleting_a_job_that_is_not_over_or_gone_is_no_error() -> None:
    async with setting() as here:
        id = await here.bought()
        await here.partner.delete(id)
        assert not here.fake.jobs[id].deleted
        await here.partner.delete("video_unknown")
