"""A small transformer with random weights, and inputs for it."""

from math import prod
from typing import NamedTuple

import torch
from torch import Tensor

from understudy.engines.ovi.config import FusionConfig, TowerConfig
from understudy.engines.ovi.transformer.fusion import Fusion
from understudy.engines.ovi.transformer.loading import build_fusion, load_fusion
from understudy.engines.ovi.transformer.names import fusion_tensors


def config(
    *, dim: int = 64, heads: int = 2, blocks: int = 3, text_len: int = 80, eps: float = 1e-6
) -> FusionConfig:
    """Both towers alike but for what they are made of."""
    shared = {"dim": dim, "ffn_dim": 96, "freq_dim": 32, "heads": heads, "blocks": blocks}
    text = {"text_len": text_len, "text_dim": 24}
    return FusionConfig(
        video=TowerConfig(channels=6, patch=(1, 2, 2), eps=eps, **shared, **text),
        audio=TowerConfig(channels=5, patch=(1,), rope_scale=0.19676, eps=eps, **shared, **text),
    )


def random_state(config: FusionConfig, seed: int = 0) -> dict[str, Tensor]:
    """A checkpoint: every tensor matters, none makes the states grow."""
    generator = torch.Generator().manual_seed(seed)
    state = {}
    for name, shape in fusion_tensors(config).items():
        values = torch.randn(shape, generator=generator)
        if "norm" in name and name.endswith("weight"):
            state[name] = 1 + 0.2 * values
        elif len(shape) > 1 and "modulation" not in name:
            state[name] = values / prod(shape[1:]) ** 0.5
        else:
            state[name] = 0.2 * values
    return state


def model_of(config: FusionConfig, state: dict[str, Tensor]) -> Fusion:
    """The same checkpoint in our modules, float32 on the CPU."""
    model = build_fusion(config, device="cpu", dtype=torch.float32)
    load_fusion(model, state.items())
    return model


class Inputs(NamedTuple):
    """Latents and texts of two passes."""

    video: Tensor
    audio: Tensor
    prompt: Tensor
    video_negative: Tensor
    audio_negative: Tensor


def inputs(config: FusionConfig, seed: int = 1, words: tuple[int, int, int] = (9, 5, 3)) -> Inputs:
    """Three latent frames of 6 x 8, eleven audio positions."""
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator)

    return Inputs(
        normal(config.video.channels, 3, 6, 8),
        normal(11, config.audio.channels),
        *(normal(count, config.video.text_dim) for count in words),
    )
