"""From each contract's inputs to a create request, as tables."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from understudy.engines.engine import Job
from understudy.engines.mappings.openai_videos import Mapped, mapped
from understudy.engines.openai_videos.options import read_options
from understudy.engines.wish import Wish, wish_for
from understudy.errors import EngineInputError

SORA: dict[str, Any] = {"prompt": "A fox.", "seconds": "4", "resolution": "720p", "ratio": "16:9"}
VEO: dict[str, Any] = {
    "prompt": "A fox.",
    "generateAudio": "true",
    "aspectRatio": "16:9",
    "resolution": "720p",
    "negativePrompt": "",
    "enhancePrompt": "true",
    "personGeneration": "allow_adult",
    "seed": 0,
    "durationSeconds": "8",
}
OVI: dict[str, Any] = {
    "prompt": "A fox.",
    "negativePrompt": "blur",
    "audioNegativePrompt": "echo",
    "resolution": "default",
    "steps": 30,
    "seed": "0",
}


def request(
    values: dict[str, Any],
    *,
    model: str = "openai/sora-2-pro",
    profile: str = "openai",
    server_model: str = "sora-2-pro",
    picture: str = "",
    **options: Any,
) -> Mapped:
    files = {"inputImage": (picture,)} if picture else {}
    job = Job(id="1", model=model, values=values, files=files, seed=7, folder="/nowhere")
    read = read_options({"profile": profile, **options})
    wish = wish_for(job)
    return mapped(wish, server_model, read.rules(server_model), seeded=wish.seed != job.seed)


def sora(**changes: Any) -> dict[str, Any]:
    return SORA | changes


@pytest.mark.parametrize(
    ("values", "server_model", "fields"),
    [
        (sora(), "sora-2-pro", {"seconds": "4", "size": "1280x720"}),
        (sora(seconds="8"), "sora-2-pro", {"seconds": "8", "size": "1280x720"}),
        (sora(seconds="12", ratio="9:16"), "sora-2-pro", {"seconds": "12", "size": "720x1280"}),
        (sora(resolution="1080p"), "sora-2-pro", {"seconds": "4", "size": "1920x1080"}),
        (sora(resolution="1080p", ratio="9:16"), "sora-2-pro", {"seconds": "4", "size": "1080x1920"}),
        (sora(ratio="auto"), "sora-2-pro", {"seconds": "4", "size": "1280x720"}),
        (sora(resolution="1080p"), "sora-2", {"seconds": "4", "size": "1280x720"}),
    ],
)
def test_sora_2_pros_inputs(values: dict[str, Any], server_model: str, fields: dict[str, str]) -> None:
    made = request(values, server_model=server_model)
    assert made.fields == {"prompt": "A fox.", "model": server_model, **fields}
    assert bool(made.notes) is (server_model == "sora-2")


@pytest.mark.parametrize(
    ("shape", "size"),
    [((300, 200), "1280x720"), ((200, 300), "720x1280"), ((300, 300), "1280x720")],
)
def test_auto_is_the_pictures_orientation(shape: tuple[int, int], size: str, tmp_path: Path) -> None:
    Image.new("RGB", shape).save(tmp_path / "a.png")
    made = request(sora(ratio="auto"), picture=str(tmp_path / "a.png"))
    assert made.fields["size"] == size


@pytest.mark.parametrize(
    ("values", "profile", "fields", "notes"),
    [
        (VEO, "openai", {"seconds": "8", "size": "1280x720"}, []),
        # 6 lies between 4 and 8: nothing that was asked for is cut off.
        (
            VEO | {"durationSeconds": "6"},
            "openai",
            {"seconds": "8", "size": "1280x720"},
            ["8 seconds instead of 6"],
        ),
        (VEO | {"durationSeconds": "6"}, "vllm-omni", {"seconds": "6"}, []),
        (VEO | {"aspectRatio": "9:16", "resolution": "1080p"}, "openai", {"size": "1080x1920"}, []),
        (VEO | {"resolution": "1080p"}, "azure", {"size": "1280x720"}, ["1280x720 instead of 1080p"]),
        (VEO | {"generateAudio": "false"}, "openai", {}, ["without sound"]),
        (VEO | {"generateAudio": "false"}, "vllm-omni", {"generate_sound": "false"}, []),
        (VEO, "vllm-omni", {"generate_sound": "true", "aspect_ratio": "16:9", "seed": "7"}, []),
        (VEO | {"negativePrompt": "rain", "seed": 3}, "openai", {}, ["the negative prompt, the seed."]),
        (VEO | {"negativePrompt": "rain", "seed": 3}, "sglang", {"negative_prompt": "rain", "seed": "3"}, []),
        (VEO | {"personGeneration": "dont_allow"}, "openai", {}, ["leaving people out"]),
        (VEO | {"enhancePrompt": "false"}, "openai", {}, ["leaving the prompt as it is"]),
    ],
)
def test_veos_inputs(values: dict[str, Any], profile: str, fields: dict[str, str], notes: list[str]) -> None:
    made = request(values, model="google/veo3-1", profile=profile)
    assert made.fields.items() >= fields.items()
    assert len(made.notes) == len(notes)
    assert all(words in note for words, note in zip(notes, made.notes, strict=True))


@pytest.mark.parametrize(
    ("values", "profile", "fields", "notes"),
    [
        (
            OVI,
            "openai",
            {"seconds": "4", "size": "1280x720"},
            ["the negative prompt, the negative prompt for sound, the number of steps."],
        ),
        (
            OVI,
            "vllm-omni",
            {"seconds": "5", "size": "1280x720", "num_inference_steps": "30", "negative_prompt": "blur"},
            ["the negative prompt for sound."],
        ),
        # Ovi names height x width.
        (OVI | {"resolution": "992x512"}, "sglang", {"size": "512x992"}, ["for sound."]),
        (
            OVI | {"resolution": "992x512", "negativePrompt": "", "audioNegativePrompt": "", "steps": ""},
            "openai",
            {"size": "720x1280"},
            ["720x1280 instead of 512x992"],
        ),
    ],
)
def test_ovis_inputs(values: dict[str, Any], profile: str, fields: dict[str, str], notes: list[str]) -> None:
    made = request(values, model="chetwinlow1/ovi", profile=profile)
    assert made.fields.items() >= fields.items()
    assert len(made.notes) == len(notes)
    assert all(words in note for words, note in zip(notes, made.notes, strict=True))


@pytest.mark.parametrize(
    ("model", "size", "price"),
    [
        ("sora-2", "720p", "0.10"),
        ("sora-2-2025-12-08", "720p", "0.10"),
        ("sora-2-pro", "720p", "0.30"),
        ("sora-2-pro-2025-10-06", "720p", "0.30"),
        ("sora-2-pro", "1024p", "0.50"),
        ("sora-2-pro", "1080p", "0.70"),
    ],
)
def test_openais_prices_per_second(model: str, size: str, price: str) -> None:
    """OpenAI's list of prices."""
    older = {"sizes": {"720p": "1280x720", "1080p": "1792x1024"}} if size == "1024p" else {}
    values = sora(seconds="8", resolution="720p" if size == "720p" else "1080p")
    for ratio in ("16:9", "9:16"):
        made = request(values | {"ratio": ratio}, server_model=model, **older)
        assert made.cost == 8 * Decimal(price)


@pytest.mark.parametrize(
    ("prices", "cost"),
    [
        ({}, None),
        ({"1080p": 0.7}, None),
        ({"720p": 0.1}, "0.4"),
        ({"720p": "0.1"}, "0.4"),
        ({"1280x720": 0.2, "720p": 0.1}, "0.8"),
        ({"second": 0.05}, "0.20"),
        ({"clip": 0.5}, "0.5"),
        ({"clip": 0.5, "720p": 0.1}, "0.9"),
        ({"720p": 0}, "0"),
    ],
)
def test_the_operators_prices(prices: dict[str, Any], cost: str | None) -> None:
    made = request(sora(), profile="gateway", prices=prices)
    assert made.cost == (None if cost is None else Decimal(cost))


def test_what_an_operator_sets_comes_before_the_profile() -> None:
    made = request(
        sora(seconds="12", resolution="1080p"),
        sizes={"1080p": "1792x1024"},
        seconds=[5, 10],
        fields={"seed": "extra_body[seed]"},
    )
    assert made.fields["size"] == "1792x1024"
    assert made.fields["seconds"] == "10"
    assert made.fields["extra_body[seed]"] == "7"
    assert [note.split(",")[0] for note in made.notes] == [
        "It is asked for 10 seconds instead of 12",
        "It is asked for 1792x1024 instead of 1080p",
    ]


def test_a_server_without_a_models_name_is_not_told_one() -> None:
    assert "model" not in request(sora(), profile="vllm-omni", server_model="").fields


def test_further_pictures_are_not_used() -> None:
    rules = read_options({}).rules("sora-2")
    made = mapped(Wish(prompt="A fox.", seconds=4, others=("/b.png",)), "sora-2", rules)
    assert made.notes == ("Only the first picture is used.",)


@pytest.mark.parametrize("prompt", ["", "  \n", "x" * 32_001])
def test_prompts_that_cannot_be_played(prompt: str) -> None:
    with pytest.raises(EngineInputError, match="prompt"):
        request(sora(prompt=prompt))


def test_a_long_prompt_is_for_the_server_to_judge_where_no_limit_is_known() -> None:
    assert len(request(sora(prompt="x" * 40_000), profile="sglang").fields["prompt"]) == 40_000
