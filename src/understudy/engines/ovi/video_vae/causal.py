"""Convolutions that see no later frame, fed with a few frames at a time."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

History = dict[nn.Module, Tensor]
"""All that a clip leaves behind between two calls: by convolution, its last two input frames [B, C, 2, H, W]."""


class CausalConv(nn.Module):
    """Three taps in time, the newest on the frame itself; before the first frame there are zeros.

    Takes the weights of one of diffusers' `WanCausalConv3d`. Padding in space is left to the convolution, so its
    input is copied once, behind the frames of the call before.
    """

    def __init__(self, conv: Any) -> None:
        super().__init__()
        self.weight: Tensor = conv.weight  # [C', C, 3, k, k]
        self.bias: Tensor = conv.bias
        self.padding = (0, conv.kernel_size[1] // 2, conv.kernel_size[2] // 2)

    def forward(self, x: Tensor, history: History) -> Tensor:
        """The next frames [B, C, T, H, W] -> [B, C', T, H, W]; `history` is brought up to date."""
        # The layout that all is computed in: nothing to do but where a single frame's strides do not show it.
        x = x.contiguous(memory_format=torch.channels_last_3d)
        past = history.get(self)
        window = F.pad(x, (0, 0, 0, 0, 2, 0)) if past is None else torch.cat([past, x], dim=2)
        # A copy: a view would hold the whole window.
        history[self] = window[:, :, -2:].clone()
        if past is None and x.shape[2] == 1:
            # Only the newest tap meets something else than zeros.
            return F.conv3d(x, self.weight[:, :, -1:], self.bias, padding=self.padding)
        return F.conv3d(window, self.weight, self.bias, padding=self.padding)


class Pointwise(nn.Module):
    """A convolution with one tap: a matrix product, over channels that lie together in memory."""

    def __init__(self, conv: Any) -> None:
        super().__init__()
        self.weight: Tensor = conv.weight  # [C', C, 1, 1, 1] or [C', C, 1, 1]
        self.bias: Tensor = conv.bias

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, T, H, W] -> [B, C', T, H, W]."""
        return F.linear(x.movedim(1, -1), self.weight.flatten(1), self.bias).movedim(-1, 1)
