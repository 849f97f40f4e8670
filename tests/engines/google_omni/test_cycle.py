"""From a job to its clip, and what the fake got to see of it."""

import re
from decimal import Decimal
from pathlib import Path

import pytest
from PIL import Image

from tests.engines.google_omni.setting import setting
from understudy.engines.google_omni import engine
from understudy.engines.google_omni.adapter import partner
from understudy.engines.partner import Tools
from understudy.errors import AddressRefused, ConfigurationError, PartnerAway, ResultLost
from understudy.files.probe import probe


@pytest.mark.parametrize("delivery", ["uri", "inline"])
async def test_a_whole_cycle(delivery: str, tmp_path: Path) -> None:
    async with setting(delivery=delivery) as at:
        prepared = await at.prepared()
        assert prepared.cost == Decimal("0.80")
        id = await at.partner.submit(prepared, "key-1", "https://example.org/hook")
        assert (await at.partner.check(id)).state == "queued"
        at.clock.advance(10)
        assert (await at.partner.check(id)).state == "running"
        with pytest.raises(PartnerAway, match="not finished"):
            await at.partner.fetch(id, tmp_path)
        at.clock.advance(10)
        assert (await at.partner.check(id)).state == "done"
        for _ in range(2):
            (output,) = await at.partner.fetch(id, tmp_path)
            assert Path(output.path).read_bytes() == at.fake.clip
        assert await at.partner.look_up(prepared, "key-1", 0) is None
        assert await at.partner.cancel(id) == "cannot"
        await at.partner.delete(id)
        await at.partner.delete(id)
        assert at.fake.deleted == {id}
        with pytest.raises(ResultLost):
            await at.partner.check(id)
        assert at.fake.paid == 1
    assert [headers for _, headers in at.fetched] == (
        [{"x-goog-api-key": "test-key"}] * 2 if delivery == "uri" else []
    )
    sent = at.fake.jobs[id].body
    assert sent["labels"] == {"understudy": "key-1"}
    assert sent["webhook_config"]["uris"] == ["https://example.org/hook"]
    assert sent["response_format"]["delivery"] == delivery


async def test_sound_that_is_not_wanted_is_taken_out_by_whoever_fetches(tmp_path: Path) -> None:
    async with setting() as at:
        prepared = await at.prepared(generateAudio="false")
        assert any("track is taken out" in note for note in prepared.notes)
        id = await at.partner.submit(prepared, "key-1", "")
        at.clock.advance(20)
        other = partner({"base_url": at.url, "api_key": "test-key"}, at.tools)
        assert (await other.check(id)).state == "done"
        (output,) = await other.fetch(id, tmp_path)
        await other.close()
        assert await at.partner.cancel(id) == "cannot"
        await at.partner.delete(id)
        assert at.fake.deleted == set(at.fake.jobs)
    found = probe(Path(output.path))
    assert (len(found.video), len(found.audio)) == (1, 0)


async def test_a_job_that_is_stopped() -> None:
    async with setting() as at:
        id = await at.bought()
        assert await at.partner.cancel(id) == "stopped"
        stands = await at.partner.check(id)
        assert (stands.state, stands.fault) == ("failed", "partner")
        assert "cancelled" in stands.reason
        assert engine.cancels({})


@pytest.mark.parametrize(
    ("ends", "part"),
    [
        ("incomplete", "before the clip was whole"),
        ("budget_exceeded", "budget"),
        ("requires_action", "asks for an action"),
        ("requires_continuation", "second paid request"),
    ],
)
async def test_ends_without_a_clip(ends: str, part: str, tmp_path: Path) -> None:
    async with setting(ends=ends) as at:
        id = await at.done()
        stands = await at.partner.check(id)
        assert stands.state == "failed"
        assert part in stands.reason
        with pytest.raises(ResultLost):
            await at.partner.fetch(id, tmp_path)
        assert at.fake.paid == len([each for each in at.fake.requests if each.method == "POST"]) == 1


async def test_the_first_frame(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.new("RGB", (90, 160), "green").save(path)
    async with setting() as at:
        id = await at.bought(model="openai/sora-2-pro", picture=path)
    sent = at.fake.jobs[id].body
    assert sent["generation_config"]["video_config"]["task"] == "image_to_video"
    assert sent["response_format"]["aspect_ratio"] == "9:16"


async def test_a_seed_that_was_given_is_said_to_be_lost() -> None:
    async with setting() as at:
        assert any("seed" in note for note in (await at.prepared(seed=5)).notes)
        assert not (await at.prepared()).notes


async def test_where_the_key_is_shown() -> None:
    async with setting() as at:
        uri = f"{at.url}/v1/files/abc"
        link = at.partner._link  # type: ignore[attr-defined]
        key = {"x-goog-api-key": "test-key"}
        assert link(uri) == (f"{uri}:download?alt=media", key)
        assert link(f"{uri}:download?alt=media") == (f"{uri}:download?alt=media", key)
        assert link(f"{at.url}/clips/abc.mp4?sig=1") == (f"{at.url}/clips/abc.mp4?sig=1", key)
        for elsewhere in (
            "https://storage.example.org/v1/files/abc",
            re.sub(r":\d+", ":1", uri),
            uri.replace("http://", "https://"),
            uri.replace("127.0.0.1", "127.0.0.1.example.org"),
        ):
            assert link(elsewhere) == (elsewhere, {})
        for deceptive in (
            uri.replace("127.0.0.1", "127.0.0.1@example.org"),
            "http://[::1",
            "http://a:b/files/c",
        ):
            with pytest.raises(AddressRefused):
                link(deceptive)


async def test_models_prices_and_limits_are_settings() -> None:
    async with setting(
        model="gemini-omni-1.2-flash",
        prices={"gemini-omni-1.2-flash": {"720p": 0.07}},
        resolutions=["720p"],
    ) as at:
        prepared = await at.prepared(model="openai/sora-2-pro", seconds="12", resolution="1080p")
        assert prepared.cost == Decimal("0.84")
        assert len(prepared.notes) == 1
    async with setting(model="gemini-omni-1.2-flash") as at:
        assert (await at.prepared()).cost is None


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({}, "api_key"),
        ({"api_key": "k", "person_generation": {}}, "person_generation: there is no such option"),
        ({"api_key": "k", "delivery": "mail"}, "delivery"),
        ({"api_key": "k", "enterprise": "yes"}, "enterprise"),
        ({"api_key": "k", "project": "p", "location": "l", "enterprise": False}, "enterprise"),
        ({"api_key": "k", "shortest_seconds": 0}, "shortest_seconds"),
        ({"api_key": "k", "shortest_seconds": 9, "longest_seconds": 8}, "longest_seconds"),
        ({"api_key": "k", "resolutions": ["480p"]}, "resolutions"),
        ({"api_key": "k", "resolutions": []}, "resolutions"),
    ],
)
def test_wrong_options_are_named(options: dict[str, object], named: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"engine\.google_omni\.{named}"):
        partner(options, Tools(fetch=nothing, clock=lambda: 0.0))


async def nothing(*_: object) -> None:
    raise AssertionError
