"""Finding a purchase again whose answer did not come: what the list can tell, and what it cannot."""

import pytest

from tests.engines.openai_videos.setting import Setting, setting
from understudy.engines.openai_videos.listed import SETTLED
from understudy.errors import PartnerAway, Unclear
from understudy.testing.partners.faults import Fault, Kind
from understudy.testing.partners.openai_videos import Profile, VideoJob

TIMEOUT = 5.0
"""Of one request, as `setting` has it."""


async def lost(here: Setting) -> float:
    """Buy, and get no answer; when that was."""
    placed = here.clock()
    with pytest.raises(Unclear):
        await here.bought()
    return placed


@pytest.mark.parametrize("profile", ["openai", "azure", "vllm-omni", "sglang", "fastvideo"])
@pytest.mark.parametrize("kind", ["drop after", "error after", "truncated"])
async def test_what_was_taken_is_found(profile: Profile, kind: Kind) -> None:
    async with setting(Fault("create", kind), profile=profile) as here:
        placed = await lost(here)
        here.clock.advance(3)
        found = await here.partner.look_up(await here.prepared(), "key-1", placed)
        assert found == tuple(here.fake.jobs)
        assert here.fake.paid == 1


@pytest.mark.parametrize(
    ("profile", "certain"),
    [
        ("openai", None),
        ("azure", None),
        ("vllm-omni", ()),
        ("sglang", ()),
        ("fastvideo", ()),
    ],
)
async def test_what_was_not_taken(profile: Profile, certain: tuple[str, ...] | None) -> None:
    async with setting(Fault("create", "drop before"), profile=profile) as here:
        placed = await lost(here)
        # The request may still be on its way.
        with pytest.raises(PartnerAway) as away:
            await here.partner.look_up(await here.prepared(), "key-1", placed)
        # A list of everything proves something only once the request has had its whole time.
        due = SETTLED if certain is None else SETTLED + TIMEOUT
        assert away.value.retry_after == pytest.approx(due, abs=1)
        here.clock.advance(due)
        assert await here.partner.look_up(await here.prepared(), "key-1", placed) == certain
        assert here.fake.paid == 0


@pytest.mark.parametrize("profile", ["gateway", "litellm"])
async def test_without_a_list_nothing_can_be_told(profile: Profile) -> None:
    async with setting(Fault("create", "drop after"), profile=profile) as here:
        placed = await lost(here)
        assert await here.partner.look_up(await here.prepared(), "key-1", placed) is None
        assert [sent.step for sent in here.fake.requests] == ["create"]


def put(here: Setting, id: str, made: float, **fields: str) -> None:
    """A job of somebody else's."""
    usual = {"prompt": "A fox.", "model": "sora-2-pro", "seconds": "4", "size": "1280x720"}
    here.fake.jobs[id] = VideoJob(
        id=id, fields={**usual, **fields}, picture=None, created=here.clock() + made
    )


async def test_only_jobs_like_it_since_it_was_placed() -> None:
    async with setting() as here:
        placed = here.clock()
        put(here, "earlier", -6)
        put(here, "clocks-differ", -4)
        put(here, "after", 2)
        put(here, "prompt", 1, prompt="A dog.")
        put(here, "size", 1, size="1920x1080")
        put(here, "length", 1, seconds="8")
        put(here, "model", 1, model="sora-2")
        found = await here.partner.look_up(await here.prepared(), "key-1", placed)
    assert found == ("after", "clocks-differ")


async def test_a_list_of_many_pages() -> None:
    async with setting() as here:
        placed = here.clock()
        for number in range(250):
            put(here, f"dog-{number}", 2, prompt="A dog.")
        put(here, "ours", 1)
        found = await here.partner.look_up(await here.prepared(), "key-1", placed)
        assert found == ("ours",)
        assert len([sent for sent in here.fake.requests if sent.step == "list"]) == 3


async def test_a_list_without_end_cannot_tell() -> None:
    async with setting() as here:
        placed = here.clock()
        put(here, "ours", 3)
        for number in range(2100):
            put(here, f"dog-{number}", 2, prompt="A dog.")
        assert await here.partner.look_up(await here.prepared(), "key-1", placed) is None


@pytest.mark.parametrize("profile", ["vllm-omni", "sglang"])
async def test_a_job_that_differs_but_may_be_ours_leaves_it_open(profile: Profile) -> None:
    """A server may change a size or a length; only another prompt is certainly another request."""
    async with setting(profile=profile) as here:
        placed = here.clock()
        put(here, "other-size", 1, size="1280x704")
        here.clock.advance(SETTLED + TIMEOUT)
        assert await here.partner.look_up(await here.prepared(), "key-1", placed) is None


async def test_jobs_with_other_prompts_leave_nothing_open() -> None:
    async with setting(profile="vllm-omni") as here:
        placed = here.clock()
        put(here, "dog", 1, prompt="A dog.")
        here.clock.advance(SETTLED + TIMEOUT)
        assert await here.partner.look_up(await here.prepared(), "key-1", placed) == ()


@pytest.mark.parametrize("kind", ["drop before", "busy", "error before", "truncated", "no account"])
async def test_a_list_that_does_not_answer(kind: Kind) -> None:
    async with setting(Fault("list", kind), profile="vllm-omni") as here:
        put(here, "ours", 1)
        with pytest.raises(PartnerAway):
            await here.partner.look_up(await here.prepared(), "key-1", here.clock())
        assert here.fake.paid == 0


async def test_a_list_that_is_none_cannot_tell() -> None:
    async with setting(Fault("list", "wrong type"), profile="vllm-omni") as here:
        assert await here.partner.look_up(await here.prepared(), "key-1", here.clock()) is None
