"""From the checkpoint's tensors to a `VideoVae`."""

from collections.abc import Mapping

import msgspec
import torch
from torch import Tensor

from understudy.engines.ovi.config import VideoVaeConfig
from understudy.engines.ovi.tensor_table import must_match
from understudy.engines.ovi.video_vae.decoder import Decoder
from understudy.engines.ovi.video_vae.names import diffusers_names, video_vae_tensors
from understudy.engines.ovi.video_vae.vae import VideoVae


def load_video_vae(
    state: Mapping[str, Tensor], config: VideoVaeConfig, *, device: torch.device | str, dtype: torch.dtype
) -> VideoVae:
    """The autoencoder with these weights, named as in the reference's checkpoint, on `device` in `dtype`.

    Raises `EngineUnavailable` if a tensor is missing, too many, or of another shape than `config` says.
    """
    from diffusers import AutoencoderKLWan  # seconds to import

    shapes = {name: tuple(tensor.shape) for name, tensor in state.items()}
    must_match("video autoencoder", shapes, video_vae_tensors(config))
    renamed = {new: _laid_out(state[old].to(device, dtype)) for old, new in diffusers_names(config).items()}
    # Through JSON: diffusers wants lists where our records have tuples.
    with torch.device("meta"):
        vae = AutoencoderKLWan(**msgspec.json.decode(msgspec.json.encode(config)))
    vae.load_state_dict(renamed, assign=True)
    vae.requires_grad_(False).eval()
    decoder = Decoder(vae).eval()
    # What is left encodes; the decoder's upsampling weights would be kept twice.
    del vae.decoder, vae.post_quant_conv
    return VideoVae(vae, decoder, config)


def _laid_out(tensor: Tensor) -> Tensor:
    """Convolutions in time and space with the channels last, which is how they are computed fastest."""
    return tensor.contiguous(memory_format=torch.channels_last_3d) if tensor.dim() == 5 else tensor
