"""Upsampling, against the plain form of each rewriting."""

import pytest
import torch
import torch.nn.functional as F
from diffusers.models.autoencoders.autoencoder_kl_wan import DupUp3D
from torch.utils.flop_counter import FlopCounterMode

from understudy.engines.ovi.video_vae.upsample import NearestConv, add_repeated


def conv(taken: int, given: int) -> torch.nn.Conv2d:
    return torch.nn.Conv2d(taken, given, 3, padding=1).requires_grad_(False)


def plainly(x: torch.Tensor, conv: torch.nn.Conv2d) -> torch.Tensor:
    result: torch.Tensor = conv(F.interpolate(x, scale_factor=2, mode="nearest-exact"))
    return result


@pytest.mark.parametrize("size", [(1, 1), (1, 4), (5, 3), (8, 8)])
def test_one_transposed_convolution_is_upsampling_and_a_convolution(size: tuple[int, int]) -> None:
    original = conv(6, 5)
    x = torch.randn(2, 6, *size, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(NearestConv(original)(x), plainly(x, original), atol=1e-6, rtol=1e-5)


def test_it_takes_16_products_instead_of_36() -> None:
    original = conv(6, 5)
    nearest_conv = NearestConv(original)
    x = torch.randn(2, 6, 7, 9, generator=torch.Generator().manual_seed(0))
    with FlopCounterMode(display=False) as small:
        nearest_conv(x)
    with FlopCounterMode(display=False) as large:
        plainly(x, original)
    assert large.get_total_flops() == 2.25 * small.get_total_flops()


def test_weights_are_added_up_before_they_are_rounded() -> None:
    original = conv(6, 5)
    in_bfloat16 = NearestConv(original.to(torch.bfloat16)).weight
    exact = NearestConv(original.float()).weight
    torch.testing.assert_close(in_bfloat16, exact.to(torch.bfloat16), atol=0, rtol=0)


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize(
    ("taken", "given", "doubles_time"), [(8, 8, True), (8, 8, False), (8, 4, False), (8, 4, True)]
)
def test_the_shortcut_repeats_pixels_as_diffusers_does(
    taken: int, given: int, doubles_time: bool, first: bool
) -> None:
    source = torch.Generator().manual_seed(0)
    small = torch.randn(1, taken, 1 if first else 2, 3, 5, generator=source)
    repeated = DupUp3D(taken, given, 2 if doubles_time else 1, 2)(small, first_chunk=first)
    x = torch.randn(repeated.shape, generator=source).contiguous(memory_format=torch.channels_last_3d)
    wanted = x + repeated
    torch.testing.assert_close(add_repeated(x, small, doubles_time, first), wanted, atol=0, rtol=0)
