"""What is asked for in shared words, as the inputs of each contract: a table."""

from typing import Any

import pytest

from tests.api.served import CATALOGUE
from understudy.api.asked import Asked, fields_for, picture_field
from understudy.catalogue.manifest import Input, Model, Option

ALL = Asked(
    prompt="A road.",
    seconds="8",
    width=1920,
    height=1080,
    sound=False,
    negative="fog",
    enhance=True,
    people="dont_allow",
    seed=7,
)


def model(address: str) -> Model:
    found = CATALOGUE.named(address)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (
            "openai/sora-2-pro",
            {"prompt": "A road.", "seconds": "8", "resolution": "1080p", "ratio": "16:9"},
        ),
        (
            "google/veo3-1",
            {
                "prompt": "A road.",
                "generateAudio": "false",
                "aspectRatio": "16:9",
                "resolution": "1080p",
                "negativePrompt": "fog",
                "enhancePrompt": "true",
                "personGeneration": "dont_allow",
                "seed": "7",
                "durationSeconds": "8",
            },
        ),
        (
            "chetwinlow1/ovi",
            {"prompt": "A road.", "negativePrompt": "fog", "resolution": "512x960", "seed": "7"},
        ),
    ],
)
def test_everything_at_once(address: str, expected: dict[str, Any]) -> None:
    assert fields_for(model(address), ALL) == expected


@pytest.mark.parametrize("address", ["openai/sora-2-pro", "google/veo3-1", "chetwinlow1/ovi"])
def test_what_is_not_given_is_left_to_the_contract(address: str) -> None:
    assert fields_for(model(address), Asked(prompt="x")) == {"prompt": "x"}


@pytest.mark.parametrize(
    ("width", "height", "tier", "ratio"),
    [
        (1280, 720, "720p", "16:9"),
        (720, 1280, "720p", "9:16"),
        (1792, 1024, "1080p", "16:9"),
        (1024, 1792, "1080p", "9:16"),
        (1920, 1080, "1080p", "16:9"),
        (832, 480, "720p", "16:9"),
        (3840, 2160, "1080p", "16:9"),
        (720, 720, "720p", "16:9"),
        (700, 720, "720p", "9:16"),
    ],
)
def test_sizes_become_the_nearest_tier_and_shape(width: int, height: int, tier: str, ratio: str) -> None:
    asked = Asked(prompt="x", width=width, height=height)
    sora, veo = (fields_for(model(address), asked) for address in ("openai/sora-2-pro", "google/veo3-1"))
    assert (sora["resolution"], sora["ratio"]) == (tier, ratio)
    assert (veo["resolution"], veo["aspectRatio"]) == (tier, ratio)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (Asked(prompt="", width=1280, height=720), "512x960"),
        (Asked(prompt="", width=720, height=1280), "960x512"),
        (Asked(prompt="", width=992, height=512), "512x992"),
        (Asked(prompt="", width=1984, height=1024), "512x992"),
        (Asked(prompt="", width=1000, height=1000), "720x720"),
        (Asked(prompt="", width=2100, height=900), "448x1120"),
        (Asked(prompt="", ratio="9:16"), "960x512"),
        (Asked(prompt="", ratio="1:1", tier="1080p"), "720x720"),
        (Asked(prompt="", tier="720p"), None),
        (Asked(prompt="", ratio="auto"), None),
    ],
)
def test_sizes_of_ovi_are_height_first(asked: Asked, expected: str | None) -> None:
    assert fields_for(model("chetwinlow1/ovi"), asked).get("resolution") == expected


def test_what_is_named_goes_before_what_follows_from_a_size() -> None:
    asked = Asked(prompt="x", width=1280, height=720, ratio="9:16", tier="1080p")
    assert fields_for(model("google/veo3-1"), asked) == {
        "prompt": "x",
        "aspectRatio": "9:16",
        "resolution": "1080p",
    }


def test_of_two_sizes_of_one_shape_the_nearer_one_is_taken() -> None:
    sizes = tuple(Option(value, value) for value in ("640x360", "1280x720", "1920x1080", "720x1280"))
    wide = Model(owner="o", slug="s", inputs=(Input(id="size", type="select", options=sizes),))
    asked = Asked(prompt="x", width=1366, height=768)
    assert fields_for(wide, asked) == {"size": "1280x720"}


def test_the_picture() -> None:
    assert picture_field(model("openai/sora-2-pro")) == "inputImage"
    assert picture_field(model("chetwinlow1/ovi")) == "inputImage"
    assert picture_field(Model(owner="o", slug="s", inputs=(Input(id="prompt", type="text"),))) is None
