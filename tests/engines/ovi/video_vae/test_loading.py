"""What is said of weights that do not fit, and how those that do are laid out."""

import pytest
import torch

from tests.engines.ovi.video_vae.small import SMALL, weights
from understudy.engines.ovi.video_vae.loading import load_video_vae
from understudy.errors import EngineUnavailable


def test_missing_tensors_are_named() -> None:
    state = weights()
    del state["decoder.middle.1.proj.weight"], state["conv2.bias"]
    with pytest.raises(
        EngineUnavailable,
        match=r"video autoencoder .*missing: conv2\.bias, decoder\.middle\.1\.proj\.weight\.",
    ):
        load_video_vae(state, SMALL, device="cpu", dtype=torch.float32)


def test_many_missing_tensors_are_counted() -> None:
    with pytest.raises(EngineUnavailable, match=r"196 tensors missing: .* and 193 more\."):
        load_video_vae({}, SMALL, device="cpu", dtype=torch.float32)


def test_a_tensor_of_another_shape_is_named() -> None:
    state = weights()
    state["conv1.bias"] = torch.zeros(3)
    with pytest.raises(EngineUnavailable, match=r"conv1\.bias is 3, not 8"):
        load_video_vae(state, SMALL, device="cpu", dtype=torch.float32)


def test_the_tensors_handed_in_are_not_changed() -> None:
    state = weights()
    load_video_vae(state, SMALL, device="cpu", dtype=torch.float32)
    for name, tensor in weights().items():
        torch.testing.assert_close(state[name], tensor, atol=0, rtol=0)
