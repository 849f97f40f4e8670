"""From a wish to Veo's request, as a table."""

from collections.abc import Sequence
from typing import Any

import pytest

from understudy.engines.google.clips import Picture
from understudy.engines.google_veo import engine
from understudy.engines.google_veo.options import DURATIONS
from understudy.engines.mappings.google_veo import Limits, request
from understudy.engines.wish import Wish
from understudy.errors import ConfigurationError

LIMITS = Limits(durations=DURATIONS)
FULL_HD_IS_LONG = Limits(durations={"720p": (4, 6, 8), "1080p": (8,)})


class Contract:
    """A model, as far as an engine asks."""

    def __init__(self, address: str, *input_ids: str) -> None:
        self.address = address
        self.input_ids: Sequence[str] = input_ids


VEO = Contract(
    "google/veo3-1",
    "inputImage",
    "prompt",
    "generateAudio",
    "aspectRatio",
    "resolution",
    "negativePrompt",
    "enhancePrompt",
    "personGeneration",
    "seed",
    "durationSeconds",
)
SORA = Contract("openai/sora-2-pro", "inputImage", "prompt", "seconds", "resolution", "ratio")
OVI = Contract(
    "chetwinlow1/ovi",
    "inputImage",
    "prompt",
    "negativePrompt",
    "audioNegativePrompt",
    "resolution",
    "steps",
    "seed",
)


@pytest.mark.parametrize(
    ("wish", "parameters", "notes"),
    [
        (
            Wish(
                prompt="A fox.",
                seconds=6,
                ratio="9:16",
                tier="1080p",
                sound=False,
                negative="blur",
                enhance=False,
                people="dont_allow",
                seed=2**32 - 1,
            ),
            {
                "durationSeconds": 6,
                "aspectRatio": "9:16",
                "resolution": "1080p",
                "generateAudio": False,
                "negativePrompt": "blur",
                "enhancePrompt": False,
                "personGeneration": "dont_allow",
                "seed": 4_294_967_295,
            },
            0,
        ),
        # Sora's
        (Wish(prompt="A fox.", seconds=4), {"durationSeconds": 4, "resolution": "720p"}, 0),
        (Wish(prompt="A fox.", seconds=12, tier="1080p"), {"durationSeconds": 8, "resolution": "1080p"}, 1),
        # Ovi's: no length, a size of its own, steps, a negative prompt for sound
        (
            Wish(
                prompt="A fox.",
                tier="480p",
                size=(992, 512),
                negative="blur",
                negative_audio="echo",
                steps=30,
            ),
            {
                "durationSeconds": 6,
                "aspectRatio": "16:9",
                "resolution": "720p",
                "negativePrompt": "blur; echo",
            },
            4,
        ),
        (Wish(prompt="A fox.", tier="4k"), {"resolution": "1080p"}, 1),
        (Wish(prompt="A fox.", tier="720p", size=(720, 720), ratio="16:9"), {"aspectRatio": "16:9"}, 1),
        (Wish(prompt="A fox.", others=("a.png",)), {}, 1),
    ],
)
def test_requests(wish: Wish, parameters: dict[str, Any], notes: int) -> None:
    mapped = request(wish, LIMITS)
    always = {"sampleCount": 1, "generateAudio": wish.sound, "seed": wish.seed, "aspectRatio": wish.ratio}
    rest = {"durationSeconds": mapped.seconds, "resolution": mapped.resolution}
    assert mapped.body == {
        "instances": [{"prompt": "A fox."}],
        "parameters": {**always, **rest, **parameters},
    }
    assert len(mapped.notes) == notes, mapped.notes
    assert "storageUri" not in mapped.body["parameters"]


def test_the_first_frame() -> None:
    mapped = request(Wish(prompt="A fox.", picture="a.png"), LIMITS, Picture("iVBORw==", "image/png"))
    assert mapped.body["instances"] == [
        {"prompt": "A fox.", "image": {"bytesBase64Encoded": "iVBORw==", "mimeType": "image/png"}}
    ]


def test_a_server_that_makes_full_hd_in_one_length_only() -> None:
    short = request(Wish(prompt="A fox.", seconds=4), FULL_HD_IS_LONG)
    assert (short.seconds, short.notes) == (4, ())
    long = request(Wish(prompt="A fox.", seconds=4, tier="1080p"), FULL_HD_IS_LONG)
    assert long.body["parameters"]["durationSeconds"] == long.seconds == 8
    assert long.notes == ("The clip lasts 8 seconds instead of 4: the nearest that is made in 1080p.",)


def test_people_may_be_spelt_in_another_way() -> None:
    limits = Limits(durations=DURATIONS, people={"dont_allow": "disallow"})
    for asked, sent in (("dont_allow", "disallow"), ("allow_adult", "allow_adult")):
        mapped = request(Wish(prompt="A fox.", people=asked), limits)
        assert mapped.body["parameters"]["personGeneration"] == sent


def test_what_is_not_said_is_not_sent() -> None:
    sent = request(Wish(prompt="A fox."), LIMITS).body["parameters"]
    assert not {"negativePrompt", "enhancePrompt", "personGeneration"} & set(sent)


def how(contract: Contract, **options: object) -> dict[str, str]:
    return {each.input: each.how for each in engine.treats(contract, options)}


def test_what_becomes_of_each_input() -> None:
    assert set(how(VEO).values()) == {"honoured"}
    assert how(SORA) == {
        "inputImage": "honoured",
        "prompt": "honoured",
        "seconds": "approximated",
        "resolution": "honoured",
        "ratio": "honoured",
    }
    assert how(OVI) == {
        "inputImage": "honoured",
        "prompt": "honoured",
        "negativePrompt": "honoured",
        "audioNegativePrompt": "approximated",
        "resolution": "approximated",
        "steps": "dropped",
        "seed": "honoured",
    }


def test_settings_change_what_becomes_of_inputs() -> None:
    assert how(VEO, durations={"720p": [4, 6, 8], "1080p": [8]})["durationSeconds"] == "approximated"
    assert how(SORA, durations=[4, 8, 12])["seconds"] == "honoured"
    assert how(VEO, durations={"720p": [4, 6, 8]})["resolution"] == "approximated"
    spelt = engine.treats(VEO, {"person_generation": {"dont_allow": "disallow"}})
    assert any("dont_allow as disallow" in each.note for each in spelt)
    with pytest.raises(ConfigurationError, match="durations"):
        engine.treats(VEO, {"durations": "8"})


@pytest.mark.parametrize("contract", [VEO, SORA, OVI])
def test_it_plays_every_contract_with_a_prompt(contract: Contract) -> None:
    assert engine.plays(contract)
    assert not engine.plays(Contract("a/b", "image"))
