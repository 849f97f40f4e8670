"""What the decoder is built of. Every block takes the weights of its counterpart in diffusers.

Their tensors are [B, C, T, H, W] with the channels last in memory: a norm reads its vector in one piece, and the
convolutions of a card are fastest so.
"""

from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from understudy.engines.ovi.video_vae.causal import CausalConv, History, Pointwise


class Norm(nn.Module):
    """RMS norm over the channels of each pixel, times a weight."""

    def __init__(self, norm: Any) -> None:
        super().__init__()
        self.gamma: Tensor = norm.gamma  # [C, 1, 1] or [C, 1, 1, 1]
        # The reference divides by the length of the vector, at least 1e-12; this divides by its root mean square.
        self.eps = 1e-24 / self.gamma.numel()

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, T, H, W] -> the same."""
        pixels = x.movedim(1, -1)
        return F.rms_norm(pixels, pixels.shape[-1:], self.gamma.flatten(), self.eps).movedim(-1, 1)


class NormedConv(nn.Module):
    """Norm, SiLU, causal convolution."""

    def __init__(self, norm: Any, conv: Any) -> None:
        super().__init__()
        self.norm = Norm(norm)
        self.conv = CausalConv(conv)

    def forward(self, x: Tensor, history: History) -> Tensor:
        """[B, C, T, H, W] -> [B, C', T, H, W]."""
        y: Tensor = self.conv(F.silu(self.norm(x), inplace=True), history)
        return y


class ResidualBlock(nn.Module):
    """Two convolutions beside a shortcut."""

    def __init__(self, block: Any) -> None:
        super().__init__()
        self.first = NormedConv(block.norm1, block.conv1)
        self.second = NormedConv(block.norm2, block.conv2)
        changes_width = not isinstance(block.conv_shortcut, nn.Identity)
        self.shortcut = Pointwise(block.conv_shortcut) if changes_width else nn.Identity()

    def forward(self, x: Tensor, history: History) -> Tensor:
        """[B, C, T, H, W] -> [B, C', T, H, W]."""
        y: Tensor = self.second(self.first(x, history), history)
        return y.add_(self.shortcut(x))


class Attention(nn.Module):
    """Attention with one head, among the pixels of each frame."""

    def __init__(self, attention: Any) -> None:
        super().__init__()
        self.norm = Norm(attention.norm)
        self.to_qkv = Pointwise(attention.to_qkv)
        self.proj = Pointwise(attention.proj)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, T, H, W] -> the same."""
        qkv: Tensor = self.to_qkv(self.norm(x)).movedim(1, -1)  # [B, T, H, W, 3 C]
        q, k, v = qkv.flatten(2, 3).chunk(3, dim=-1)  # [B, T, H W, C]
        mixed = F.scaled_dot_product_attention(q, k, v).unflatten(2, qkv.shape[2:4])
        y: Tensor = self.proj(mixed.movedim(-1, 1))
        return y.add_(x)
