"""The names and shapes that are asked for are those of the real checkpoints."""

import json

import pytest

from tests.engines.ovi.golden import GOLDEN
from understudy.engines.ovi.config import REAL
from understudy.engines.ovi.weights.expected import expected
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
