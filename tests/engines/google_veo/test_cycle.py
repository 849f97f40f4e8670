"""From a job to its clip, and what the fake got to see of it."""

import asyncio
import base64
from decimal import Decimal
from pathlib import Path

import pytest
from PIL import Image

from tests.engines.google_veo.setting import no_fetch, setting
from understudy.engines.google_veo.adapter import partner
from understudy.engines.partner import Tools
from understudy.errors import ConfigurationError, EngineInputError, PartnerAway


async def test_a_whole_cycle(tmp_path: Path) -> None:
    async with setting() as at:
        prepared = await at.prepared()
        assert prepared.cost == Decimal("3.20")
        assert prepared.notes == ()
        id = await at.partner.submit(prepared, "key-1", "https://example.org/hook")
        assert (await at.partner.check(id)).state == "running"
        with pytest.raises(PartnerAway, match="not finished"):
            await at.partner.fetch(id, tmp_path)
        at.clock.advance(20)
        assert (await at.partner.check(id)).state == "done"
        (output,) = await at.partner.fetch(id, tmp_path)
        assert Path(output.path).read_bytes() == at.fake.clip
        assert Path(output.path).parent == tmp_path
        assert await at.partner.cancel(id) == "cannot"
        await at.partner.delete(id)
        assert await at.partner.look_up(prepared, "key-1", 0) is None
        assert at.fake.paid == 1
    assert at.fake.jobs[id].body == {
        "instances": [{"prompt": "A fox says hello."}],
        "parameters": {
            "sampleCount": 1,
            "durationSeconds": 8,
            "aspectRatio": "16:9",
            "resolution": "720p",
            "generateAudio": True,
            "seed": 77,
            "enhancePrompt": True,
            "personGeneration": "allow_adult",
        },
    }


async def test_a_clip_is_downloaded_once_if_it_is_fetched_soon(tmp_path: Path) -> None:
    async with setting() as at:
        id = await at.done()
        await at.partner.check(id)
        asked = len(at.fake.requests)
        await at.partner.fetch(id, tmp_path)
        assert len(at.fake.requests) == asked
        await at.partner.fetch(id, tmp_path)
        assert len(at.fake.requests) == asked + 1


async def test_another_process_can_fetch_it(tmp_path: Path) -> None:
    async with setting() as at:
        id = await at.done()
        (output,) = await at.partner.fetch(id, tmp_path)
        assert Path(output.path).read_bytes() == at.fake.clip


async def test_jobs_side_by_side(tmp_path: Path) -> None:
    async with setting() as at:
        ids = await asyncio.gather(*(at.bought(prompt=f"Fox {number}.") for number in range(6)))
        assert len(set(ids)) == at.fake.paid == 6
        at.clock.advance(20)

        async def finish(id: str) -> None:
            folder = tmp_path / id.rpartition("/")[2]
            folder.mkdir()
            assert (await at.partner.check(id)).state == "done"
            await at.partner.fetch(id, folder)

        await asyncio.gather(*map(finish, ids))
    assert len(list(tmp_path.glob("*/0.mp4"))) == 6


async def test_by_key_and_project() -> None:
    async with setting(project="films", location="us-central1") as at:
        id = await at.bought()
        assert id.startswith("projects/films/locations/us-central1/publishers/google/models/")
        assert (await at.partner.check(id)).state == "running"
    assert {request.headers["x-goog-api-key"] for request in at.fake.requests} == {"test-key"}


@pytest.mark.parametrize(
    ("name", "mime"), [("a.png", "image/png"), ("a.jpg", "image/jpeg"), ("a.webp", "image/jpeg")]
)
async def test_the_first_frame(name: str, mime: str, tmp_path: Path) -> None:
    path = tmp_path / name
    Image.new("RGB", (90, 160), "green").save(path)
    async with setting() as at:
        id = await at.bought(picture=path)
    image = at.fake.jobs[id].body["instances"][0]["image"]
    assert image["mimeType"] == mime
    if name != "a.webp":
        assert base64.b64decode(image["bytesBase64Encoded"]) == path.read_bytes()


async def test_a_picture_that_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    async with setting() as at:
        with pytest.raises(EngineInputError, match="picture"):
            await at.prepared(picture=path)


async def test_models_prices_and_spellings_are_settings() -> None:
    options = {
        "model": {"openai/sora-2.pro": "veo-3.1-fast-generate-001"},
        "prices": {"veo-3.1-fast-generate-001": {"720p": {"sound": 0.11}}},
        "person_generation": {"dont_allow": "disallow"},
    }
    async with setting(**options) as at:
        sora = await at.prepared(model="openai/sora-2-pro")
        assert (sora.request.model, sora.cost) == ("veo-3.1-fast-generate-001", Decimal("0.44"))
        veo = await at.prepared(personGeneration="dont_allow", generateAudio="false")
        assert (veo.request.model, veo.cost) == ("veo-3.1-generate-001", Decimal("1.60"))
        assert veo.request.body["parameters"]["personGeneration"] == "disallow"


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({}, "api_key: set api_key, or project and location"),
        ({"api_key": "k", "timeout": 5}, "timeout: there is no such option"),
        ({"api_key": "k", "base_url": "aiplatform"}, "base_url"),
        ({"api_key": "k", "timeout_seconds": "5"}, "timeout_seconds"),
        ({"api_key": "k", "model": ""}, "model"),
        ({"api_key": "k", "model": "../x/y"}, "model"),
        ({"api_key": "k", "credentials_file": "a.json", "project": "p", "location": "l"}, "credentials_file"),
        ({"project": "p"}, "location"),
        ({"location": "l"}, "project"),
        ({"credentials_file": "a.json"}, "project"),
        ({"credentials_file": "/nowhere/a.json", "project": "p", "location": "l"}, "credentials_file"),
        ({"api_key": "k", "durations": [4, "6"]}, "durations"),
        ({"api_key": "k", "durations": {}}, "durations"),
        ({"api_key": "k", "person_generation": {"dont_allow": 1}}, "person_generation"),
        ({"api_key": "k", "prices": {"veo": 0.4}}, "prices"),
        ({"api_key": "k", "prices": {"veo": {"720p": "0.4"}}}, "prices: veo.720p"),
        ({"api_key_env": "UNDERSTUDY_NO_SUCH_KEY"}, "api_key_env"),
    ],
)
def test_wrong_options_are_named(options: dict[str, object], named: str) -> None:
    with pytest.raises(ConfigurationError, match=f"engine.cloud.{named}"):
        partner({"name": "cloud", **options}, Tools(fetch=no_fetch, clock=lambda: 0.0))
