"""A whole job, against each kind of server."""

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.engines.openai_videos.setting import FREE, setting
from understudy.engines.engine import Output
from understudy.errors import EngineUnavailable, ResultLost
from understudy.testing.partners.faults import Fault
from understudy.testing.partners.openai_videos import Profile

PROFILES: tuple[Profile, ...] = (
    "openai",
    "azure",
    "vllm-omni",
    "sglang",
    "fastvideo",
    "litellm",
    "gateway",
)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("with_picture", [False, True])
async def test_a_job_from_the_request_to_the_clip(
    profile: Profile, with_picture: bool, tmp_path: Path
) -> None:
    picture = tmp_path / "fox.png"
    Image.new("RGB", (500, 400), "red").save(picture)
    async with setting(profile=profile) as here:
        id = await here.bought(files={"inputImage": (str(picture),)} if with_picture else {})
        states = [(await here.partner.check(id)).state]
        here.clock.advance(10)
        states.append((await here.partner.check(id)).state)
        here.clock.advance(10)
        standing = await here.partner.check(id)
        outputs = await here.partner.fetch(id, tmp_path)
        await here.partner.delete(id)
    assert states == ["queued", "queued" if profile == "fastvideo" else "running"]
    assert (standing.state, standing.progress) == ("done", 100)
    assert outputs == (Output("clip.mp4"),)
    assert (tmp_path / "clip.mp4").read_bytes() == here.fake.clip
    assert here.fake.paid == 1
    assert here.fake.jobs[id].deleted is (profile not in ("litellm", "gateway"))
    created = here.fake.requests[0]
    assert created.fields["prompt"] == "A fox."
    assert (created.fields["seconds"], created.fields["size"]) == ("4", "1280x720")
    assert created.headers["idempotency-key"] == "key-1"
    if with_picture:
        assert created.picture_type == "image/png"
        assert Image.open(io.BytesIO(created.picture or b"")).size == (1280, 720)


@pytest.mark.parametrize("profile", PROFILES)
async def test_the_key_goes_into_the_right_header(profile: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    # What is in the environment for OpenAI's own tools is not for this server.
    for name in ("OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_BASE_URL"):
        monkeypatch.setenv(name, "https://elsewhere.example.com")
    async with setting(profile=profile) as here:
        await here.bought()
    headers = here.fake.requests[0].headers
    assert headers.get("api-key") == ("test-key" if profile == "azure" else None)
    bearer = None if profile == "azure" or profile in FREE else "Bearer test-key"
    assert headers.get("authorization") == bearer
    assert not any("elsewhere" in value for value in headers.values())


async def test_vllm_is_asked_for_sound_and_gets_the_seed() -> None:
    values = {"prompt": "A fox.", "negativePrompt": "rain", "generateAudio": "true", "seed": 3}
    async with setting(profile="vllm-omni") as here:
        await here.bought(model="google/veo3-1", values=values)
    fields = here.fake.requests[0].fields
    assert fields["generate_sound"] == "true"
    assert (fields["seed"], fields["negative_prompt"]) == ("3", "rain")


async def test_the_servers_hint_is_handed_on() -> None:
    async with setting() as here:
        assert (await here.partner.check(await here.bought())).poll_after == 2.0


async def test_the_cost_is_known_before_anything_is_sent() -> None:
    async with setting() as here:
        prepared = await here.prepared()
        assert (str(prepared.cost), prepared.notes) == ("1.20", ())
        assert here.fake.requests == []


async def test_the_same_job_prepares_the_same_request(tmp_path: Path) -> None:
    picture = tmp_path / "fox.png"
    Image.effect_noise((300, 200), 50).convert("RGB").save(picture)
    async with setting() as here:
        files = {"inputImage": (str(picture),)}
        assert await here.prepared(files=files) == await here.prepared(files=files)


async def test_a_contract_without_a_model_of_its_own_is_not_played() -> None:
    async with setting(model={"google/veo3-1": "sora-2"}) as here:
        with pytest.raises(EngineUnavailable, match=r"engine\.openai_videos\.model"):
            await here.prepared(model="chetwinlow1/ovi")
        assert here.fake.requests == []


async def test_moderation_of_the_result_is_the_contents_fault() -> None:
    async with setting(Fault("create", "filtered")) as here:
        standing = await here.partner.check(await here.done())
    assert (standing.state, standing.fault, standing.charged) == ("failed", "content", None)
    assert "moderation" in standing.reason
    assert here.fake.paid == 1


@pytest.mark.parametrize(
    ("profile", "charged"),
    [("openai", None), ("vllm-omni", False), ("sglang", False), ("litellm", True), ("gateway", None)],
)
async def test_a_job_that_fails_is_the_partners_fault(profile: Profile, charged: Any) -> None:
    async with setting(Fault("create", "fails"), profile=profile) as here:
        standing = await here.partner.check(await here.done())
    assert (standing.state, standing.fault, standing.charged) == ("failed", "partner", charged)


async def test_the_operator_knows_whether_failures_cost() -> None:
    async with setting(Fault("create", "fails"), profile="gateway", charges_failed=False) as here:
        assert (await here.partner.check(await here.done())).charged is False


async def test_a_job_that_the_server_forgot_is_lost() -> None:
    async with setting(Fault("create", "forgotten")) as here:
        id = await here.done()
        with pytest.raises(ResultLost):
            await here.partner.check(id)
        with pytest.raises(ResultLost):
            await here.partner.fetch(id, Path("/nowhere"))
        await here.partner.delete(id)
