"""Matrices in 8 bits: how far they are off, and that nothing else changes."""

import json

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from tests.engines.ovi.distance import rel
from tests.engines.ovi.golden import GOLDEN
from understudy.engines.ovi.config import FusionConfig
from understudy.engines.ovi.memory.float8 import (
    FLOAT8,
    Float8Linear,
    compute_in_float8,
    rounded,
    scaled,
    widened,
)
from understudy.engines.ovi.memory.placement import place_transformer
from understudy.engines.ovi.memory.profiles import Profile
from understudy.engines.ovi.transformer.fusion import Fusion
from understudy.errors import EngineUnavailable

CPU = torch.device("cpu")
FUSION = GOLDEN / "fusion"
CONFIG = FusionConfig.of(json.loads((FUSION / "config.json").read_bytes()))
STATE = load_file(FUSION / "model.safetensors")


def model_of(state: dict[str, Tensor], dtype: torch.dtype, **how: object) -> Fusion:
    profile = Profile(name="", float8=True, **how)
    return place_transformer(profile, CONFIG, lambda _: state.items(), CPU, dtype).model


@torch.inference_mode()
def errors(model: Fusion) -> tuple[float, float]:
    """Relative errors of the video's and the audio's velocity against the recorded pass."""
    [case] = [each for each in json.loads((FUSION / "cases.json").read_bytes()) if "t2v." in each["file"]]
    data = load_file(FUSION / case["file"])
    geometry = model.geometry(tuple(data["vid"].shape[1:]), len(data["audio"]), clean_first=False)
    [moment] = model.moments([float(data["t"])], clean_first=False)
    [found] = model(
        data["vid"], data["audio"], moment, geometry, [model.read(data["vid_context"], data["audio_context"])]
    )
    return rel(found.video, data["out_vid"]), rel(found.audio, data["out_audio"])


def test_rounded_weights_are_near_enough() -> None:
    assert 1e-3 < max(errors(model_of(STATE, torch.float32))) < 0.08


def test_rounded_products_are_near_enough() -> None:
    model = model_of(STATE, torch.bfloat16)
    compute_in_float8(model)
    assert 1e-3 < max(errors(model)) < 0.1


def test_streamed_and_kept_8_bit_blocks_are_the_same() -> None:
    streamed = model_of(STATE, torch.float32, blocks="streamed", slots=2)
    assert errors(streamed) == errors(model_of(STATE, torch.float32))


def test_a_checkpoint_cast_to_float8_without_scales_is_taken_as_it_is() -> None:
    cast = {
        name: tensor if "norm" in name or "bias" in name else tensor.to(FLOAT8)
        for name, tensor in STATE.items()
    }
    model = model_of(cast, torch.float32)
    layer = model.get_submodule("blocks.0.video.ffn.up")
    assert isinstance(layer, Float8Linear)
    assert torch.equal(layer.weight.float(), cast["video_model.blocks.0.ffn.0.weight"].float())
    assert (layer.scale == 1).all()
    assert max(errors(model)) < 0.15


def test_parts_of_a_joined_matrix_have_their_own_scales() -> None:
    layer = model_of(STATE, torch.float32).get_submodule("blocks.1.audio.self_qkv")
    assert isinstance(layer, Float8Linear)
    stored = torch.cat([STATE[f"audio_model.blocks.1.self_attn.{name}.weight"] for name in "qkv"])
    assert rel(layer.weight.float() * layer.scale, stored) < 0.03


def test_another_models_matrix_is_refused() -> None:
    state = STATE | {"video_model.blocks.0.ffn.0.weight": torch.zeros(3, 5)}
    with pytest.raises(EngineUnavailable, match=r"ffn\.0\.weight is 3x5, not"):
        model_of(state, torch.float32)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("size", [1e-20, 1e-3, 1.0, 1e4])
def test_rows_are_rounded_to_their_own_scale(dtype: torch.dtype, size: float) -> None:
    generator = torch.Generator().manual_seed(3)
    x = (size * torch.randn(64, 256, generator=generator)).to(dtype)
    rows, scales = rounded(x)
    assert scales.dtype == torch.float32
    assert rows.float().isfinite().all()
    if size > 1e-12:
        assert rows.float().abs().amax(-1).ge(440).all()
        assert rel(rows.float() * scales, x) < 0.03


def test_both_products_are_of_the_same_weights() -> None:
    generator = torch.Generator().manual_seed(4)
    x, weight, bias = (
        torch.randn(shape, generator=generator).bfloat16() for shape in ((2, 5, 64), (48, 64), (48,))
    )
    rows, scales = rounded(weight.float())
    wanted = torch.nn.functional.linear(x.float(), rows.float() * scales, bias.float())
    assert rel(widened(x, rows, scales, bias), wanted) < 0.005
    assert rel(scaled(x, rows, scales, bias), wanted) < 0.04
    # With inputs that float8 can hold, nothing is rounded but the result.
    simple = torch.ones_like(x)
    wanted = torch.nn.functional.linear(simple.float(), rows.float() * scales, bias.float())
    assert rel(scaled(simple, rows, scales, bias), wanted) < 0.005
