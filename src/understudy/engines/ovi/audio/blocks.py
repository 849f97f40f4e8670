"""The parts of MMAudio's mel autoencoder: one-dimensional convolutions that preserve magnitude.

Source: Karras et al., "Analyzing and Improving the Training Dynamics of Diffusion Models" (2024), from where the
autoencoder takes its layers.
"""

import math
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_EPS: Final = 1e-4
_SILU_SCALE: Final = 0.596
"""Root mean square of SiLU on unit noise."""
_RESIDUAL: Final = 0.3
_MIX_SCALE: Final = math.hypot(1 - _RESIDUAL, _RESIDUAL)


def plain_weight(weight: Tensor) -> Tensor:
    """A stored weight [O, I, K] as the convolution uses it: each output's row brought to unit magnitude.

    w / (eps + |w| / sqrt(IK)) / sqrt(IK), with |w| over the row of one output.
    """
    fan = math.sqrt(math.prod(weight.shape[1:]))
    norm = weight.square().sum(dim=(1, 2), keepdim=True).sqrt()
    return weight / (_EPS + norm / fan) / fan


def split_rows(qkv: Tensor) -> Tensor:
    """Rows of a stored qkv weight [3C, C, 1], which alternate q, k, v, with all of q first, then k, then v."""
    width = qkv.shape[1]
    return qkv.view(width, 3, width, 1).transpose(0, 1).reshape(3 * width, width, 1)


def activate(x: Tensor) -> Tensor:
    """SiLU, scaled to keep unit magnitude."""
    return F.silu(x) / _SILU_SCALE


def normalise(x: Tensor, dim: int = 1) -> Tensor:
    """Every position brought to unit magnitude over its channels, along `dim`; the magnitude in float32."""
    norm = torch.linalg.vector_norm(x, dim=dim, keepdim=True, dtype=torch.float32)
    scaled: Tensor = x / (_EPS + norm / math.sqrt(x.shape[dim]))
    return scaled.to(x.dtype)


def mix(x: Tensor, residual: Tensor) -> Tensor:
    """The weighted sum of a state and its update, scaled to keep unit magnitude."""
    return torch.add(x * ((1 - _RESIDUAL) / _MIX_SCALE), residual, alpha=_RESIDUAL / _MIX_SCALE)


def convolution(inside: int, out: int, kernel: int) -> nn.Conv1d:
    """A convolution that keeps the length, without bias as all of them here."""
    return nn.Conv1d(inside, out, kernel, padding=kernel // 2, bias=False)


class Residual(nn.Module):
    """Two convolutions beside a skip, which carries the normalised state, at another width through a kernel of 1."""

    def __init__(self, inside: int, out: int, kernel: int) -> None:
        super().__init__()
        self.conv1 = convolution(inside, out, kernel)
        self.conv2 = convolution(out, out, kernel)
        self.nin_shortcut = nn.Identity() if inside == out else convolution(inside, out, 1)

    def forward(self, x: Tensor) -> Tensor:
        """[B, I, L] to [B, O, L]."""
        x = normalise(x)
        return mix(self.nin_shortcut(x), self.conv2(activate(self.conv1(activate(x)))))


class Attention(nn.Module):
    """Attention over all positions with a single head as wide as the state."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.qkv = convolution(width, 3 * width, 1)
        self.proj_out = convolution(width, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, L] to the same shape."""
        qkv = normalise(self.qkv(x).unflatten(1, (3, -1)), dim=2)  # [B, 3, C, L]
        q, k, v = qkv.transpose(2, 3).unbind(1)  # each [B, L, C]
        attended = F.scaled_dot_product_attention(q, k, v)
        return mix(x, self.proj_out(attended.transpose(1, 2)))


class Middle(nn.Module):
    """Attention between two residual blocks, at the widest level."""

    def __init__(self, width: int, kernel: int) -> None:
        super().__init__()
        self.block_1 = Residual(width, width, kernel)
        self.attn_1 = Attention(width)
        self.block_2 = Residual(width, width, kernel)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, L] to the same shape."""
        out: Tensor = self.block_2(self.attn_1(self.block_1(x)))
        return out


class Doubling(nn.Module):
    """Twice the length: each position repeated, then a convolution."""

    def __init__(self, width: int, kernel: int) -> None:
        super().__init__()
        self.conv = convolution(width, width, kernel)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, L] to [B, C, 2L]."""
        out: Tensor = self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))
        return out


class Halving(nn.Module):
    """Half the length: means of pairs, between two convolutions with a kernel of 1."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1 = convolution(width, width, 1)
        self.conv2 = convolution(width, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, L] to [B, C, L // 2]."""
        out: Tensor = self.conv2(F.avg_pool1d(self.conv1(x), 2))
        return out
