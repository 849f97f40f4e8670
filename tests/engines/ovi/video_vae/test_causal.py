"""Convolutions in pieces."""

import pytest
import torch
import torch.nn.functional as F

from understudy.engines.ovi.video_vae.causal import CausalConv, History


@pytest.mark.parametrize("pieces", [(6,), (1, 5), (1, 1, 1, 1, 1, 1), (2, 4), (1, 4, 1)])
def test_pieces_give_what_the_whole_gives(pieces: tuple[int, ...]) -> None:
    source = torch.Generator().manual_seed(0)
    x = torch.randn(1, 5, 6, 4, 3, generator=source)
    conv = torch.nn.Conv3d(5, 7, 3)
    whole = F.conv3d(F.pad(x, (1, 1, 1, 1, 2, 0)), conv.weight, conv.bias)

    causal, history = CausalConv(conv), History()
    with torch.no_grad():
        parts = [causal(piece, history) for piece in x.split(pieces, dim=2)]

    torch.testing.assert_close(torch.cat(parts, dim=2), whole, atol=1e-5, rtol=0)


def test_history_holds_two_frames_and_no_more() -> None:
    causal, history = CausalConv(torch.nn.Conv3d(5, 7, 3)), History()
    with torch.no_grad():
        causal(torch.ones(1, 5, 4, 4, 3), history)
    (kept,) = history.values()
    assert kept.shape == (1, 5, 2, 4, 3)
    assert kept.untyped_storage().nbytes() == 5 * 2 * 4 * 3 * 4
