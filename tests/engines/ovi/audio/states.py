"""Small weights in their stored form, of other sizes than the real ones."""

from collections.abc import Mapping
from typing import Final

import torch
from torch import Tensor

from understudy.engines.ovi.config import AudioVaeConfig, VocoderConfig
from understudy.engines.ovi.tensor_table import Shape

VAE: Final = AudioVaeConfig(
    data_dim=12,
    embed_dim=5,
    hidden_dim=8,
    ch_mult=(1, 2, 3),
    num_res_blocks=1,
    down_sampled_levels=(0, 1),
    kernel_size=5,
)
"""One latent is four frames of mel."""

VOCODER: Final = VocoderConfig(
    num_mels=12,
    upsample_rates=(5, 2),
    upsample_kernel_sizes=(9, 4),
    upsample_initial_channel=16,
    resblock_kernel_sizes=(3, 5),
    resblock_dilation_sizes=((1, 2), (1, 3)),
)
"""One frame of mel is ten samples."""


def random_state(tensors: Mapping[str, Shape], seed: int = 0) -> dict[str, Tensor]:
    """Every tensor drawn at random, sized so that the state neither grows nor fades on its way, nor saturates."""
    generator = torch.Generator().manual_seed(seed)
    return {name: torch.randn(shape, generator=generator) * _size(name) for name, shape in tensors.items()}


def _size(name: str) -> float:
    if name == "conv_post.weight_g":
        return 0.1
    # Logarithms, and filters, which amplify by the root of their taps.
    return 0.3 if name.endswith(("alpha", "beta", "filter")) else 1.0


def noise(*shape: int, seed: int = 1) -> Tensor:
    """Unit noise."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))
