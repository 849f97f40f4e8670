"""What parts weigh, against the parts themselves and the recorded checkpoints."""

import json

import pytest
import torch

from tests.engines.ovi.golden import GOLDEN
from understudy.engines.ovi.config import REAL
from understudy.engines.ovi.memory.float8 import store_in_float8
from understudy.engines.ovi.memory.sizes import block_bytes, decoders_bytes, ends_bytes, text_bytes
from understudy.engines.ovi.transformer.loading import build_fusion


@pytest.mark.parametrize("float8", [False, True])
def test_the_transformer(float8: bool) -> None:
    model = build_fusion(REAL.fusion, device="meta", dtype=torch.bfloat16)
    if float8:
        store_in_float8(model)
    weights = {name: parameter.nbytes for name, parameter in model.named_parameters()}
    first = sum(size for name, size in weights.items() if name.startswith("blocks.0."))
    assert block_bytes(REAL.fusion, 2, float8=float8) == first
    assert ends_bytes(REAL.fusion, 2) + 30 * first == sum(weights.values())


def test_8_bits_are_half_of_16() -> None:
    whole, half = (block_bytes(REAL.fusion, 2, float8=float8) for float8 in (False, True))
    assert half == pytest.approx(whole / 2, rel=0.01)


def recorded(name: str) -> int:
    """Elements of a checkpoint."""
    return json.loads((GOLDEN / "keys" / f"{name}.json").read_bytes())["num_elements"]


def test_the_text_encoder() -> None:
    assert text_bytes(REAL, 2) == 2 * recorded("umt5_xxl")


def test_the_decoders_leave_the_audio_encoder_out() -> None:
    sound = recorded("mmaudio_vae_16k") + recorded("bigvgan_16k")
    video = 2 * recorded("wan22_vae")
    assert video < decoders_bytes(REAL, 2) < video + 4 * sound
    assert video + 4 * sound - decoders_bytes(REAL, 2) == pytest.approx(4 * 72.5e6, rel=0.01)
