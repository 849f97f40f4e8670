"""Latents to tokens and back."""

from math import prod

import torch.nn.functional as F
from torch import Tensor, nn

from understudy.engines.ovi.config import TowerConfig
from understudy.engines.ovi.transformer.layers import GatedConvolution
from understudy.engines.ovi.transformer.names import audio_patch_width


class VideoPatches(nn.Module):
    """One token for each block of 1 x 2 x 2 cells. The patches do not overlap, so the convolution is a linear layer."""

    def __init__(self, config: TowerConfig) -> None:
        super().__init__()
        self.patch = config.patch
        self.linear = nn.Linear(config.channels * prod(config.patch), config.dim)

    def forward(self, latent: Tensor) -> Tensor:
        """[C, F, h, w] -> [1, N, D], tokens in frame, row, column order."""
        frames, rows, columns = self.patch
        cells = latent.unflatten(3, (-1, columns)).unflatten(2, (-1, rows)).unflatten(1, (-1, frames))
        # [C, F, pf, R, pr, S, pc] -> [F, R, S, C, pf, pr, pc]
        cells = cells.permute(1, 3, 5, 0, 2, 4, 6).flatten(3).flatten(0, 2)
        tokens: Tensor = self.linear(cells.to(self.linear.weight.dtype))
        return tokens.unsqueeze(0)


def from_patches(tokens: Tensor, grid: tuple[int, int, int], patch: tuple[int, ...]) -> Tensor:
    """Tokens [N, pf * pr * pc * C], channel fastest, back to a latent [C, F, h, w]."""
    cells = tokens.view(*grid, *patch, -1)
    # [F, R, S, pf, pr, pc, C] -> [C, F, pf, R, pr, S, pc]
    return cells.permute(6, 0, 3, 1, 4, 2, 5).flatten(5, 6).flatten(3, 4).flatten(1, 2)


class AudioPatches(nn.Module):
    """One token for each position, out of a neighbourhood of 19."""

    def __init__(self, config: TowerConfig) -> None:
        super().__init__()
        self.enter = nn.Conv1d(config.channels, config.dim, 7, padding=3)
        self.gated = GatedConvolution(config.dim, audio_patch_width(config.dim))

    def forward(self, latent: Tensor) -> Tensor:
        """[L, C] -> [1, L, D]."""
        x = self.enter(latent.to(self.enter.weight.dtype).T.unsqueeze(0))
        y: Tensor = self.gated(F.silu(x))
        return y.transpose(1, 2).contiguous()  # laid out as in every later block
