"""The denoising time as the towers see it: a few rows for a whole run, instead of one for each token and step."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from understudy.engines.ovi.config import TowerConfig

BASE = 10_000.0


class TimeRows(NamedTuple):
    """What one step's time means to one tower; R distinct times among its tokens, 1 or 2."""

    head: Tensor  # [R, D], float32
    blocks: Tensor  # [R, 6, D], float32: shift, scale, gate of attention, then of the feed-forward


class TimeEmbedding(nn.Module):
    """Sinusoids, a small MLP, and its projection to six vectors for the blocks.

    Computed in float32 whatever the weights are: it is done once per run, on a few rows, and every block depends on it.
    """

    def __init__(self, config: TowerConfig) -> None:
        super().__init__()
        self.freq_dim = config.freq_dim
        self.enter = nn.Linear(config.freq_dim, config.dim)
        self.leave = nn.Linear(config.dim, config.dim)
        self.projection = nn.Linear(config.dim, 6 * config.dim)

    def forward(self, sinusoids: Tensor) -> TimeRows:
        """Sinusoids [..., freq_dim] -> rows [..., D] and [..., 6, D]."""
        e = _linear(self.leave, F.silu(_linear(self.enter, sinusoids)))
        e0 = _linear(self.projection, F.silu(e)).unflatten(-1, (6, -1))
        return TimeRows(e, e0)


def _linear(layer: nn.Linear, x: Tensor) -> Tensor:
    return F.linear(x.float(), layer.weight.float(), layer.bias.float())


def sinusoids(times: Tensor, freq_dim: int) -> Tensor:
    """Times [...] on the scale 0 to 1000, float64 -> [..., freq_dim] float32: all cosines, then all sines."""
    half = freq_dim // 2
    frequencies = BASE ** -(torch.arange(half, dtype=torch.float64) / half)
    angles = times.unsqueeze(-1) * frequencies
    return torch.cat([angles.cos(), angles.sin()], -1).float()
