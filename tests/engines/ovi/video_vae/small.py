"""A small autoencoder with random weights, in the reference's names, and the same in diffusers' own code."""

import math
from typing import Any

import msgspec
import torch
from diffusers import AutoencoderKLWan
from torch import Tensor

from understudy.engines.ovi.config import REAL, VideoVaeConfig
from understudy.engines.ovi.video_vae.names import diffusers_names, video_vae_tensors

SMALL = msgspec.structs.replace(
    REAL.video_vae,
    base_dim=4,
    decoder_base_dim=8,
    z_dim=4,
    latents_mean=(0.1, -0.2, 0.3, 0.0),
    latents_std=(0.5, 1.0, 1.5, 0.8),
)


def weights(config: VideoVaeConfig = SMALL) -> dict[str, Tensor]:
    """Random weights that keep the size of what goes through about 1."""
    source = torch.Generator().manual_seed(7)
    state = {}
    for name, shape in video_vae_tensors(config).items():
        noise = torch.randn(shape, generator=source)
        if name.endswith("gamma"):
            state[name] = 1 + 0.1 * noise
        elif name.endswith("bias"):
            state[name] = 0.1 * noise
        else:
            state[name] = noise / math.sqrt(math.prod(shape[1:]))
    return state


def latent(frames: int, rows: int = 3, columns: int = 4) -> Tensor:
    """[z, frames, rows, columns]."""
    return torch.randn(SMALL.z_dim, frames, rows, columns, generator=torch.Generator().manual_seed(8))


def plain(config: VideoVaeConfig = SMALL) -> Any:
    """diffusers' autoencoder with `weights`, as it comes."""
    vae = AutoencoderKLWan(**msgspec.json.decode(msgspec.json.encode(config)))
    vae.load_state_dict({diffusers_names(config)[name]: tensor for name, tensor in weights(config).items()})
    return vae.requires_grad_(False).eval()
