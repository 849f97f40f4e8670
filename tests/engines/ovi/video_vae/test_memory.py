"""The estimate of memory, against a count of what is alive while a decoder of real size runs without data."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import pytest
import torch
from diffusers import AutoencoderKLWan
from torch.overrides import TorchFunctionMode

from tests.engines.ovi.memory.live_bytes import LiveBytes
from understudy.engines.ovi.config import REAL
from understudy.engines.ovi.video_vae.causal import History
from understudy.engines.ovi.video_vae.decoder import Decoder
from understudy.engines.ovi.video_vae.memory import peak_bytes


class AsOnACard(TorchFunctionMode):
    """Convolutions with the channels last: what runs without data does not know of it."""

    def __torch_function__(
        self, function: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        if function is torch.conv3d:
            # Kernels here keep rows and columns, and shorten time by what they are long.
            (batch, _, frames, rows, columns), (channels, _, taps, *_) = args[0].shape, args[1].shape
            shape = batch, frames - taps + 1, rows, columns, channels
            return args[0].new_empty(shape).movedim(-1, 1)
        if function is torch.conv_transpose2d:
            (batch, _, rows, columns), (_, channels, *_) = args[0].shape, args[1].shape
            return args[0].new_empty(batch, 2 * rows, 2 * columns, channels).movedim(-1, 1)
        return function(*args, **(kwargs or {}))


@pytest.mark.parametrize(("height", "width"), [(704, 704), (960, 960), (512, 992)])
def test_the_estimate_is_what_is_alive_at_once(height: int, width: int) -> None:
    config = REAL.video_vae
    with torch.device("meta"):
        vae = AutoencoderKLWan(**msgspec.json.decode(msgspec.json.encode(config)))
        latent = torch.empty(1, 48, 1, height // 16, width // 16, dtype=torch.bfloat16)
    for parameter in vae.parameters():
        parameter.data = parameter.data.to(torch.bfloat16)
        parameter.requires_grad_(False)
    decoder = Decoder(vae)
    history: History = {}
    with LiveBytes() as count, AsOnACard():
        for _ in range(3):
            decoder(latent, history)
    assert peak_bytes(config, height, width, 2) == pytest.approx(count.peak, rel=0.001)
