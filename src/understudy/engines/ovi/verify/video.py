"""Pictures: the video autoencoder, both ways."""

from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path
from typing import Final

import msgspec
import torch
from torch import Tensor

from understudy.engines.ovi.config import VideoVaeConfig
from understudy.engines.ovi.verify.case import Case, Limit, Measure, Where, compare
from understudy.engines.ovi.verify.files import read_json, read_tensors
from understudy.engines.ovi.video_vae.loading import load_video_vae
from understudy.engines.ovi.video_vae.vae import VideoVae

PICTURES: Final = Limit("max abs", 1e-4)


def cases(folder: Path, where: Where) -> Iterator[Case]:
    """What every `io*.safetensors` has both ends of."""

    @cache
    def vae() -> VideoVae:
        config = msgspec.convert(read_json(folder / "diffusers_config.json"), VideoVaeConfig)
        state = read_tensors(folder / "model.safetensors")
        return load_video_vae(state, config, device=where.device, dtype=torch.float32)

    def decode(io: dict[str, Tensor], output: str) -> Iterator[Measure]:
        clamp = output == "decoded"
        clips = [
            torch.cat([*vae().decode(latent.to(where.device), clamp=clamp)], dim=1)
            for latent in _batched(io["latent"])
        ]
        yield from compare(output, torch.stack(clips), _batched(io[output]), PICTURES)

    def encode(io: dict[str, Tensor], given: str, output: str) -> Iterator[Measure]:
        # A picture is a video of one frame, and may have been recorded without that axis.
        videos = io[given].unsqueeze(2) if given == "image" and io[given].shape[-3] == 3 else io[given]
        clips = [vae().encode(video.unsqueeze(0)) for video in _batched(videos)]
        yield from compare(output, torch.stack(clips), _batched(io[output]), PICTURES)

    for path in sorted(folder.glob("io*.safetensors")):
        io = read_tensors(path)
        name = "wan_vae" if path.stem == "io" else f"wan_vae/{path.stem}"
        for output in ("decoded", "decoded_unclamped"):
            if "latent" in io and output in io:
                yield Case(f"{name}/{output}", partial(decode, io, output))
        for given, output in (("video", "encoded"), ("image", "encoded_image")):
            if given in io and output in io:
                yield Case(f"{name}/{output}", partial(encode, io, given, output))


def _batched(clips: Tensor) -> Tensor:
    """[B, C, F, H, W]"""
    return clips if clips.dim() == 5 else clips.unsqueeze(0)
