"""The small parts that both towers share. Norms and modulation are computed in float32, whatever the weights are."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def modulated_norm(x: Tensor, shift: Tensor, scale: Tensor, eps: float) -> Tensor:
    """Layer norm of x [B, N, D] without weights of its own, then `* (1 + scale) + shift`, each [N or 1, D]."""
    normed = F.layer_norm(x.float(), x.shape[-1:], eps=eps)
    return normed.mul_(1 + scale).add_(shift).to(x.dtype)


def gated_sum(x: Tensor, y: Tensor, gate: Tensor) -> Tensor:
    """`x + gate * y` for x, y [B, N, D] and gate [N or 1, D], rounded once."""
    return (y * gate).add_(x).to(x.dtype)


class LayerNorm(nn.Module):
    """Layer norm with weight and bias, over the last axis."""

    def __init__(self, dim: int, eps: float) -> None:
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.empty(dim))
        self.bias = nn.Parameter(torch.empty(dim))

    def forward(self, x: Tensor) -> Tensor:
        """[..., D] -> [..., D]."""
        y = F.layer_norm(x.float(), x.shape[-1:], self.weight.float(), self.bias.float(), self.eps)
        return y.to(x.dtype)


class HeadsNorm(nn.Module):
    """RMS norm over the whole width, not head by head, then split into heads."""

    def __init__(self, dim: int, heads: int, eps: float) -> None:
        super().__init__()
        self.heads = heads
        self.eps = eps
        self.weight = nn.Parameter(torch.empty(dim))

    def forward(self, x: Tensor) -> Tensor:
        """[..., D] -> [..., H, hd]."""
        y = F.rms_norm(x.float(), x.shape[-1:], self.weight.float(), self.eps)
        return y.to(x.dtype).view(*x.shape[:-1], self.heads, -1)


class FeedForward(nn.Module):
    """Two linear layers about a tanh-approximated GELU."""

    def __init__(self, into: int, inner: int, out: int) -> None:
        super().__init__()
        self.up = nn.Linear(into, inner)
        self.down = nn.Linear(inner, out)

    def forward(self, x: Tensor) -> Tensor:
        """[..., into] -> [..., out]."""
        y: Tensor = self.down(F.gelu(self.up(x), approximate="tanh"))
        return y


class GatedConvolution(nn.Module):
    """`w2(SiLU(w1 x) * w3 x)` with three convolutions along time; w1 and w3 are one."""

    def __init__(self, dim: int, inner: int, kernel: int = 7) -> None:
        super().__init__()
        self.up = nn.Conv1d(dim, 2 * inner, kernel, padding=kernel // 2, bias=False)
        self.down = nn.Conv1d(inner, dim, kernel, padding=kernel // 2, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """[B, D, L] -> [B, D, L]."""
        gate, value = self.up(x).chunk(2, 1)
        y: Tensor = self.down(F.silu(gate) * value)
        return y
