"""The names and shapes that are asked for are those of the real checkpoints."""

import json

import pytest

from tests.engines.ovi.golden import GOLDEN
from understudy.engines.ovi.config import REAL
from understudy.engines.ovi.weights.expected import differences, expected, weight_norm_spelling
from understudy.engines.ovi.weights.sources import Part


@pytest.mark.parametrize(
    ("part", "file"),
    [
        ("transformer", "fusion"),
        ("text", "umt5_xxl"),
        ("video_vae", "wan22_vae"),
        ("audio_vae", "mmaudio_vae_16k"),
        ("vocoder", "bigvgan_16k"),
    ],
)
def test_the_real_tensors_are_expected(part: Part, file: str) -> None:
    recorded = json.loads((GOLDEN / "keys" / f"{file}.json").read_bytes())["tensors"]
    assert expected(part, REAL) == {name: tuple(each["shape"]) for name, each in recorded.items()}


def test_both_spellings_of_weight_norm_are_one() -> None:
    assert weight_norm_spelling("ups.0.0.parametrizations.weight.original0") == "ups.0.0.weight_g"
    assert weight_norm_spelling("ups.0.0.parametrizations.weight.original1") == "ups.0.0.weight_v"
    assert weight_norm_spelling("ups.0.0.weight_v") == "ups.0.0.weight_v"


def test_differences_are_named_and_counted() -> None:
    wanted = {"a": (1,), "b": (2, 3), "c": (), **{f"d{n}": (1,) for n in range(5)}}
    assert differences({"a": (1,), "b": (3, 2), "c": (1,), "e": ()}, wanted) == (
        "5 tensors missing: d0, d1, d2 and 2 more.",
        "1 tensor unexpected: e.",
        "2 tensors of another shape: b is 3x2, not 2x3, c is 1, not a number.",
    )
    assert differences(wanted, wanted) == ()
