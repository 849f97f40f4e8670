"""The anti-aliased snake of BigVGAN: twice the rate, a periodic bend, half the rate."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from understudy.engines.ovi.audio.tensors import FILTER_TAPS


class AliasFreeSnake(nn.Module):
    """x + sin²(a x) / b for each channel, computed at twice the rate so that its overtones do not fold back.

    Source: Lee et al., "BigVGAN" (2023), section 3.2. The stored form doubles the rate by a transposed
    convolution whose ends are cropped. Every second tap of it meets an inserted zero, so it is the same as
    two short filters that each make every other sample: half the arithmetic, and nothing to crop.
    """

    even: Tensor
    odd: Tensor
    low: Tensor
    rate: Tensor
    depth: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        phase = FILTER_TAPS // 2 + 1
        self.register_buffer("even", torch.empty(width, 1, phase))
        self.register_buffer("odd", torch.empty(width, 1, phase))
        self.register_buffer("low", torch.empty(width, 1, FILTER_TAPS))
        self.register_buffer("rate", torch.empty(width, 1))
        self.register_buffer("depth", torch.empty(width, 1))

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, T] to the same shape."""
        width = x.shape[1]
        half = FILTER_TAPS // 4
        padded = F.pad(x, (half, half), mode="replicate")
        even = F.conv1d(padded, self.even, groups=width)
        odd = F.conv1d(padded, self.odd, groups=width)
        doubled = torch.stack((even, odd), dim=-1).flatten(-2)  # [B, C, 2T]
        bent = torch.addcmul(doubled, (doubled * self.rate).sin_().square_(), self.depth)
        padded = F.pad(bent, (FILTER_TAPS // 2 - 1, FILTER_TAPS // 2), mode="replicate")
        return F.conv1d(padded, self.low, stride=2, groups=width)


def folded_snake(alpha: Tensor, beta: Tensor, up: Tensor, down: Tensor) -> dict[str, Tensor]:
    """The module's tensors from the stored ones: logarithms `alpha`, `beta` [C], filters `up`, `down` [1, 1, 12].

    Output sample 2j of the transposed convolution reads x[j-3 .. j+2] with the odd taps, last first; sample
    2j + 1 reads x[j-2 .. j+3] with the even ones. Both get the window x[j-3 .. j+3], and a zero where they do
    not look. The factor 2 makes up for the inserted zeros.
    """
    taps = 2 * up.flatten().flip(0)
    none = taps.new_zeros(1)
    width = alpha.shape[0]

    def each(taps: Tensor) -> Tensor:  # [K] -> [C, 1, K]
        return taps.repeat(width, 1, 1)

    return {
        "even": each(torch.cat((taps[0::2], none))),
        "odd": each(torch.cat((none, taps[1::2]))),
        "low": each(down.flatten()),
        "rate": alpha.exp()[:, None],
        "depth": 1 / (beta.exp()[:, None] + 1e-9),
    }
