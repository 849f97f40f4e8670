"""The clip comes whole, or there is no file and the reason is told."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from tests.engines.openai_videos.setting import Fetched, setting
from understudy.engines.openai_videos.partner import load
from understudy.engines.partner import Tools
from understudy.errors import AddressRefused, MediaRefused, PartnerAway, PartnerError, ResultLost
from understudy.testing.clip import tiny_clip
from understudy.testing.partners.clock import VirtualClock
from understudy.testing.partners.faults import Fault, Kind
from understudy.testing.partners.serving import serving


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("drop before", PartnerAway),
        ("drop after", PartnerAway),
        ("hang before", PartnerAway),
        ("busy", PartnerAway),
        ("error before", PartnerAway),
        ("truncated", PartnerAway),
        ("wrong type", PartnerAway),
        ("no account", PartnerAway),
        ("damaged", ResultLost),
        ("expired", ResultLost),
    ],
)
async def test_faults_on_the_way(kind: Kind, error: type[PartnerError], tmp_path: Path) -> None:
    async with setting(Fault("content", kind)) as here:
        id = await here.done()
        with pytest.raises(error):
            await here.partner.fetch(id, tmp_path)
        assert list(tmp_path.iterdir()) == []
        await here.partner.fetch(id, tmp_path)
        assert (tmp_path / "clip.mp4").read_bytes() == here.fake.clip
        assert here.fake.paid == 1


async def test_a_slow_clip_is_a_clip(tmp_path: Path) -> None:
    async with setting(Fault("content", "slow", seconds=1.5), timeout_seconds=1) as here:
        await here.partner.fetch(await here.done(), tmp_path)
        assert (tmp_path / "clip.mp4").read_bytes() == here.fake.clip


async def test_a_clip_expires_a_day_later(tmp_path: Path) -> None:
    async with setting() as here:
        id = await here.done()
        here.clock.advance(24 * 3600 + 1)
        with pytest.raises(ResultLost):
            await here.partner.fetch(id, tmp_path)


async def test_which_variant_is_asked_for(tmp_path: Path) -> None:
    for profile, query in (("openai", {"variant": "video"}), ("sglang", {}), ("vllm-omni", {})):
        async with setting(profile=profile) as here:  # type: ignore[arg-type]
            await here.partner.fetch(await here.done(), tmp_path)
            assert here.fake.requests[-1].query == query


async def test_a_clip_that_was_uploaded_elsewhere_is_fetched_without_the_key(tmp_path: Path) -> None:
    link = "https://clips.example.com/a.mp4?X-Amz-Signature=1&x=" + "a" * 400
    async with setting(profile="sglang", link=link, api_key="test-key") as here:
        here.fetched.clip = here.fake.clip
        await here.partner.fetch(await here.done(), tmp_path)
        assert here.fetched.asked == [(link, {})]
        assert (tmp_path / "clip.mp4").read_bytes() == here.fake.clip
        here.fetched.clip = None
        with pytest.raises(PartnerAway):
            await here.partner.fetch(await here.done(), tmp_path)
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("refusal", [AddressRefused, MediaRefused])
async def test_a_clip_elsewhere_that_must_not_be_had(refusal: type[Exception], tmp_path: Path) -> None:
    async def fetch(*_: object) -> None:
        raise refusal("no")

    async with setting(profile="sglang", link="http://169.254.169.254/a.mp4") as here:
        id = await here.done()
        options = {"profile": "sglang", "base_url": f"{here.url}/v1"}
        partner = load(options, Tools(fetch=fetch, clock=here.clock))
        with pytest.raises(ResultLost):
            await partner.fetch(id, tmp_path)
        await partner.close()


@contextmanager
def redirecting(to: str) -> Iterator[tuple[str, list[str]]]:
    """A server that sends requests for content to another address; the authorization headers that it saw."""
    seen: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        seen.append(request.headers.get("authorization", ""))
        there = request.url.path.startswith("/files/")
        response = Response(tiny_clip(), media_type="video/mp4") if there else RedirectResponse(to)
        await response(scope, receive, send)

    with serving(app) as url:
        yield f"{url}/v1", seen


async def test_a_redirect_on_the_same_server_is_followed_with_the_key(tmp_path: Path) -> None:
    with redirecting("/files/a.mp4?x=1") as (address, seen):
        fetched = Fetched(asked=[])
        options = {"base_url": address, "api_key": "secret", "model": "sora-2"}
        partner = load(options, Tools(fetch=fetched, clock=VirtualClock()))
        await partner.fetch("video_1", tmp_path)
        await partner.close()
    assert seen == ["Bearer secret", "Bearer secret"]
    assert fetched.asked == []
    assert (tmp_path / "clip.mp4").read_bytes() == tiny_clip()


async def test_a_redirect_to_another_server_goes_without_the_key(tmp_path: Path) -> None:
    with redirecting("https://clips.example.com/a.mp4") as (address, seen):
        fetched = Fetched(clip=tiny_clip(), asked=[])
        options = {"base_url": address, "api_key": "secret", "model": "sora-2"}
        partner = load(options, Tools(fetch=fetched, clock=VirtualClock()))
        await partner.fetch("video_1", tmp_path)
        await partner.close()
    assert fetched.asked == [("https://clips.example.com/a.mp4", {})]
    assert len(seen) == 1


async def test_a_redirect_in_circles_ends(tmp_path: Path) -> None:
    with redirecting("/v1/videos/video_1/content") as (address, seen):
        options = {"base_url": address, "api_key": "secret", "model": "sora-2"}
        partner = load(options, Tools(fetch=Fetched(asked=[]), clock=VirtualClock()))
        with pytest.raises(PartnerAway, match="circles"):
            await partner.fetch("video_1", tmp_path)
        await partner.close()
    assert len(seen) == 3


async def test_a_folder_that_cannot_be_written_to_changes_nothing(tmp_path: Path) -> None:
    async with setting() as here:
        with pytest.raises(PartnerAway, match="cannot be saved"):
            await here.partner.fetch(await here.done(), tmp_path / "gone")
