"""Bytes of pictures."""

import torch

from understudy.engines.ovi.video_vae.frames import to_frames, to_host


def test_values_are_truncated_not_rounded() -> None:
    row = torch.tensor([-1.0, -0.999, 0.0, 0.999, 1.0])
    pictures = row.expand(3, 1, 1, 5)
    assert to_frames(pictures)[0, 0, :, 0].tolist() == [0, 0, 127, 254, 255]


def test_frames_have_their_colours_last() -> None:
    pictures = torch.zeros(3, 4, 2, 6)
    pictures[1] = 1
    frames = to_frames(pictures)
    assert frames.shape == (4, 2, 6, 3)
    assert frames.is_contiguous()
    assert frames[3, 1, 5].tolist() == [127, 255, 127]


def test_chunks_reach_the_host_in_order() -> None:
    chunks = (torch.full((n, 1, 1, 3), n, dtype=torch.uint8) for n in (1, 4, 2))
    assert [(len(chunk), int(chunk[0, 0, 0, 0])) for chunk in to_host(chunks)] == [(1, 1), (4, 4), (2, 2)]
