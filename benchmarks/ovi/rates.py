"""What the device can do at best: its matrix and attention rates."""

import statistics
from collections.abc import Callable

import torch
from torch import Tensor

from benchmarks.ovi.cell import Rates
from benchmarks.ovi.clock import Marks
from understudy.engines.ovi.config import FusionConfig
from understudy.engines.ovi.transformer.attention import best_attention

ROUNDS = 5
SQUARES = (4096, 8192, 16384)
"""Sides of the square products on a card, beside the transformer's own."""


def measured_rates(config: FusionConfig, tokens: int, device: torch.device, dtype: torch.dtype) -> Rates:
    """Rates for a transformer with that many video tokens, both passes in one batch."""
    dim, ffn = config.video.dim, config.video.ffn_dim
    shapes = [(2 * tokens, dim, 3 * dim), (2 * tokens, dim, ffn), (2 * tokens, ffn, dim)]
    if device.type == "cuda":
        shapes += [(side, side, side) for side in SQUARES]
    return Rates(
        matmul=max(_matmul(*shape, device, dtype) for shape in shapes),
        attention=_attention(tokens, config.video.heads, config.video.head_dim, device, dtype),
    )


def _matmul(rows: int, inner: int, columns: int, device: torch.device, dtype: torch.dtype) -> float:
    """[rows, inner] x [inner, columns]: operations a second."""
    x = torch.randn(rows, inner, device=device, dtype=dtype)
    weight = torch.randn(columns, inner, device=device, dtype=dtype)
    return 2 * rows * inner * columns / _seconds(lambda: torch.nn.functional.linear(x, weight), device)


def _attention(tokens: int, heads: int, width: int, device: torch.device, dtype: torch.dtype) -> float:
    """Self-attention of a batch of two: operations a second."""
    q, k, v = (torch.randn(2, tokens, heads, width, device=device, dtype=dtype) for _ in range(3))
    attention = best_attention(device, dtype)
    return 2 * 4 * tokens**2 * heads * width / _seconds(lambda: attention(q, k, v), device)


def _seconds(work: Callable[[], Tensor], device: torch.device) -> float:
    """Median of a few, after one that is not counted."""
    work()
    marks = Marks(device)
    marks.mark()
    for _ in range(ROUNDS):
        work()
        marks.mark()
    return statistics.median(marks.seconds())
