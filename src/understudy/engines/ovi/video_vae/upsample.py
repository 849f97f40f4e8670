"""Twice the rows and columns, and twice the frames."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from understudy.engines.ovi.video_vae.causal import CausalConv, History


class NearestConv(nn.Module):
    """Nearest upsampling by two and a 3 x 3 convolution of the result, as one transposed convolution.

    Two of the three taps along an axis always meet copies of the same pixel, so every output pixel is a 2 x 2
    convolution on the small grid with added-up weights, a different one for each of the four places inside an
    upsampled pixel. A transposed convolution of stride 2 with a 4 x 4 kernel is just these four, interleaved: 16
    products for each small pixel instead of 36, and the upsampled image is never written. Exact, borders included.
    """

    def __init__(self, conv: Any) -> None:
        super().__init__()
        self.weight = nn.Parameter(_spread(conv.weight), requires_grad=False)  # [C, C', 4, 4]
        self.bias: Tensor = conv.bias

    def forward(self, x: Tensor) -> Tensor:
        """[N, C, H, W] -> [N, C', 2 H, 2 W]."""
        return F.conv_transpose2d(x, self.weight, self.bias, stride=2, padding=1)


def _spread(weight: Tensor) -> Tensor:
    """Weights [C', C, 3, 3] on the upsampled grid -> [C, C', 4, 4] of the transposed convolution on the small one.

    Output row 2i takes w0 from row i - 1 and w1 + w2 from row i; row 2i + 1 takes w0 + w1 from row i and w2 from
    row i + 1. Row j of a transposed convolution of stride 2 and padding 1 gives k0..k3 to the rows 2j - 1..2j + 2:
    so k = (w2, w1 + w2, w0 + w1, w0).
    """
    taps = torch.tensor(
        [[0, 0, 1], [0, 1, 1], [1, 1, 0], [1, 0, 0]], dtype=torch.float32, device=weight.device
    )
    # Added up in float32: rounded once.
    spread = torch.einsum("ka,lb,ocab->cokl", taps, taps, weight.float())
    return spread.to(weight.dtype).contiguous(memory_format=torch.channels_last)


class Upsampler(nn.Module):
    """Twice the rows and columns; in the stages that have a `time_conv`, twice the frames as well.

    The very first frame of a clip stays one. Later ones become two: the two halves of `time_conv`'s channels, whose
    history begins after that frame.
    """

    def __init__(self, resample: Any) -> None:
        super().__init__()
        self.time_conv = CausalConv(resample.time_conv) if hasattr(resample, "time_conv") else None
        self.nearest_conv = NearestConv(resample.resample[1])

    def forward(self, x: Tensor, history: History, first: bool) -> Tensor:
        """[B, C, T, H, W] -> [B, C', T or 2 T, 2 H, 2 W]. `first`: these are the clip's first frames."""
        pixels = x.movedim(1, -1)  # [B, T, H, W, C]
        if self.time_conv is not None and not first:
            pairs: Tensor = self.time_conv(x, history).movedim(1, -1)  # [B, T, H, W, 2 C]
            pixels = pairs.unflatten(-1, (2, -1)).movedim(-2, 2).flatten(1, 2)
        images: Tensor = self.nearest_conv(pixels.flatten(0, 1).movedim(-1, 1))  # [B T, C', 2 H, 2 W]
        doubled: Tensor = images.movedim(1, -1).unflatten(0, pixels.shape[:2])  # [B, T, 2 H, 2 W, C']
        return doubled.movedim(-1, 1)


def add_repeated(x: Tensor, small: Tensor, doubles_time: bool, first: bool) -> Tensor:
    """Add to every pixel of `x` [B, C', T', 2 H, 2 W] the pixel of `small` [B, C, T, H, W] that it comes from; in place.

    Where `small` has g times as many channels, channel g c + i goes to channel c of the i-th of g equal parts of the
    places (frame, row, column) inside an upsampled pixel. `first` is as in `Upsampler`: the last frame of two is meant.
    """
    frames = 2 if doubles_time else 1
    kept = 1 if first else frames
    batch, channels, _, rows, columns = x.shape
    places = x.movedim(1, -1).view(batch, -1, kept, rows // 2, 2, columns // 2, 2, channels)
    sources = small.movedim(1, -1).unflatten(-1, (channels, -1))  # [B, T, H, W, C', g]
    groups = sources.shape[-1]
    for place in range(4 * (frames - kept), 4 * frames):
        frame, row, column = place // 4 - (frames - kept), place // 2 % 2, place % 2
        places[:, :, frame, :, row, :, column] += sources[..., place * groups // (4 * frames)]
    return x
