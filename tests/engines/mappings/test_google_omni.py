"""From a wish to Gemini Omni's request, as a table."""

from typing import Any

import pytest

from tests.engines.mappings.test_google_veo import OVI, SORA, VEO, Contract
from understudy.engines.google.clips import Picture
from understudy.engines.google_omni import engine
from understudy.engines.mappings.google_omni import Limits, addressed, request
from understudy.engines.wish import Wish

LIMITS = Limits(shortest=3, longest=10)
MODEL = "gemini-omni-1.1-flash"


@pytest.mark.parametrize(
    ("wish", "form", "prompt", "notes"),
    [
        (
            Wish(prompt="A fox.", seconds=6, ratio="9:16", tier="1080p", people="allow_adult", enhance=True),
            {"duration": "6s", "aspect_ratio": "9:16", "resolution": "1080p"},
            "A fox.",
            (),
        ),
        (
            Wish(
                prompt="A fox.", seconds=8, negative="blur", people="dont_allow", enhance=False, sound=False
            ),
            {"duration": "8s"},
            "A fox.\n\nAvoid: blur",
            ("track is taken out", "negative prompt", "personGeneration (dont_allow)", "enhancePrompt"),
        ),
        (Wish(prompt="A fox.", seconds=12), {"duration": "10s"}, "A fox.", ("10 seconds instead of 12",)),
        (
            Wish(
                prompt="A fox says <S>hi<E>.",
                tier="480p",
                size=(992, 512),
                negative="blur",
                negative_audio="echo",
                steps=30,
            ),
            {"duration": "5s", "resolution": "720p"},
            'A fox says "hi".\n\nAvoid: blur\n\nNot to be heard: echo',
            ("720p instead of 480p", "instead of 992x512", "negative prompt", "Steps"),
        ),
    ],
)
def test_requests(wish: Wish, form: dict[str, str], prompt: str, notes: tuple[str, ...]) -> None:
    mapped = request(wish, LIMITS, MODEL)
    usual = {"type": "video", "aspect_ratio": "16:9", "resolution": "720p", "delivery": "uri"}
    assert mapped.body == {
        "model": MODEL,
        "input": [{"type": "user_input", "content": [{"type": "text", "text": prompt}]}],
        "background": True,
        "store": True,
        "response_format": {**usual, **form},
        "generation_config": {"video_config": {"task": "text_to_video"}},
    }
    assert len(mapped.notes) == len(notes), mapped.notes
    assert all(part in note for part, note in zip(notes, mapped.notes, strict=True)), mapped.notes


def test_the_first_frame() -> None:
    mapped = request(Wish(prompt="A fox."), LIMITS, MODEL, Picture("iVBORw==", "image/png"))
    assert mapped.body["input"][0]["content"][1] == {
        "type": "image",
        "data": "iVBORw==",
        "mime_type": "image/png",
    }
    assert mapped.body["generation_config"] == {"video_config": {"task": "image_to_video"}}


def test_a_seed_is_lost_and_said_so() -> None:
    (note,) = request(Wish(prompt="A fox.", seed=5), LIMITS, MODEL, seeded=True).notes
    assert "seed is not used" in note


@pytest.mark.parametrize(("key", "kept"), [("key-1_a", True), ("Key 1", False), ("a" * 64, False)])
def test_the_key_is_a_label(key: str, kept: bool) -> None:
    body: dict[str, Any] = {"model": MODEL}
    sent = addressed(body, key, "")
    label = sent["labels"]["understudy"]
    assert (label == key) == kept
    assert len(label) <= 63
    assert label == label.lower()
    assert "webhook_config" not in sent
    assert body == {"model": MODEL}


def test_the_hook_is_told_with_the_key() -> None:
    sent = addressed({}, "Key 1", "https://example.org/hook")
    assert sent["webhook_config"] == {
        "uris": ["https://example.org/hook"],
        "user_metadata": {"understudy": "Key 1"},
    }


def how(contract: Contract, **options: object) -> dict[str, str]:
    return {each.input: each.how for each in engine.treats(contract, options)}


def test_what_becomes_of_each_input() -> None:
    assert how(VEO) == {
        "inputImage": "honoured",
        "prompt": "honoured",
        "generateAudio": "approximated",
        "aspectRatio": "honoured",
        "resolution": "honoured",
        "negativePrompt": "approximated",
        "enhancePrompt": "dropped",
        "personGeneration": "dropped",
        "seed": "dropped",
        "durationSeconds": "honoured",
    }
    assert how(SORA)["seconds"] == "approximated"
    assert how(SORA, model="gemini-omni-1.2-flash")["seconds"] == "honoured"
    assert how(SORA, longest_seconds=12)["seconds"] == "honoured"
    assert how(OVI)["resolution"] == "approximated"
    assert how(OVI)["steps"] == how(OVI)["seed"] == "dropped"
