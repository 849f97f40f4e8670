"""Rotary position embedding over frames, rows and columns for video, over time for audio."""

from typing import NamedTuple, Self

import torch
from torch import Tensor

BASE = 10_000.0


class Rope(NamedTuple):
    """The rotation of each token: one angle for each adjacent pair of a head's channels."""

    cos: Tensor  # [N, 1, hd / 2], float32
    sin: Tensor  # [N, 1, hd / 2], float32

    @classmethod
    def of(cls, angles: Tensor, device: torch.device) -> Self:
        """From angles [N, hd / 2] in radians, float64: rounded once, after cosine and sine."""
        return cls(*(f(angles).float().unsqueeze(1).to(device) for f in (torch.cos, torch.sin)))

    def rotate(self, x: Tensor) -> Tensor:
        """Rotate the pairs (2i, 2i + 1) of x [B, N, H, hd]; computed in float32, given back in x's dtype."""
        even, odd = x.float().unflatten(-1, (-1, 2)).unbind(-1)
        rotated = (even * self.cos - odd * self.sin, even * self.sin + odd * self.cos)
        return torch.stack(rotated, -1).flatten(-2).to(x.dtype)


def video_angles(frames: int, rows: int, columns: int, head_dim: int) -> Tensor:
    """Angles [frames * rows * columns, hd / 2], float64 on the CPU; tokens in frame, row, column order.

    A sixth of the channels turns with the row, a sixth with the column, the rest with the frame.
    """
    space, time = _pairs(head_dim)
    grid = (frames, rows, columns)
    parts = [
        _angles(torch.arange(frames, dtype=torch.float64), time)[:, None, None].expand(*grid, -1),
        _angles(torch.arange(rows, dtype=torch.float64), space)[None, :, None].expand(*grid, -1),
        _angles(torch.arange(columns, dtype=torch.float64), space)[None, None, :].expand(*grid, -1),
    ]
    return torch.cat(parts, -1).flatten(0, 2)


def audio_angles(length: int, head_dim: int, scale: float) -> Tensor:
    """Angles [length, hd / 2], float64 on the CPU: only the channels that turn with a video's frames turn.

    `scale` brings audio positions onto the video's time: video frames for one audio position.
    """
    space, time = _pairs(head_dim)
    turning = _angles(torch.arange(length, dtype=torch.float64) * scale, time)
    return torch.cat([turning, turning.new_zeros(length, 2 * space)], -1)


def _pairs(head_dim: int) -> tuple[int, int]:
    """Pairs of channels for each direction in space, and for time."""
    space = head_dim // 6
    return space, head_dim // 2 - 2 * space


def _angles(positions: Tensor, pairs: int) -> Tensor:
    """[n] positions -> [n, pairs] angles, frequencies falling from 1 to nearly 1 / BASE."""
    exponents = torch.arange(pairs, dtype=torch.float64) / max(1, pairs)
    return torch.outer(positions, BASE**-exponents)
