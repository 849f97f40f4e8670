"""Pictures: the video autoencoder, both ways."""

from collections.abc import Iterator
from functools import cached_property, partial
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


def recorded(path: Path, where: Where) -> Iterator[Case]:
    """What an `io.safetensors` has both ends of."""
    io = read_tensors(path)
    pictures = _Pictures(path.parent, where, io)
    name = "wan_vae" if path.stem == "io" else f"wan_vae/{path.stem}"
    for output in ("decoded", "decoded_unclamped"):
        if "latent" in io and output in io:
            yield Case(f"{name}/{output}", partial(pictures.decode, output))
    for given, output in (("video", "encoded"), ("image", "encoded_image")):
        if given in io and output in io:
            yield Case(f"{name}/{output}", partial(pictures.encode, given, output))


class _Pictures:
    """The autoencoder of a folder, loaded when a case asks for it, and its recorded inputs and outputs."""

    def __init__(self, folder: Path, where: Where, io: dict[str, Tensor]) -> None:
        self._folder = folder
        self._where = where
        self._io = io

    def decode(self, output: str) -> Iterator[Measure]:
        clamp = output == "decoded"
        found = [torch.cat([*self._vae.decode(z, clamp=clamp)], dim=1) for z in _batch(self._io["latent"])]
        yield from compare(output, torch.stack(found), _batch(self._io[output]), PICTURES)

    def encode(self, given: str, output: str) -> Iterator[Measure]:
        videos = self._io[given]
        if given == "image" and videos.shape[-3] == 3:  # recorded without an axis for its one frame
            videos = videos.unsqueeze(-3)
        found = [self._vae.encode(video.unsqueeze(0)) for video in _batch(videos)]
        yield from compare(output, torch.stack(found), _batch(self._io[output]), PICTURES)

    @cached_property
    def _vae(self) -> VideoVae:
        config = msgspec.convert(read_json(self._folder / "diffusers_config.json"), VideoVaeConfig)
        state = read_tensors(self._folder / "model.safetensors")
        return load_video_vae(state, config, device=self._where.device, dtype=torch.float32)


def _batch(clips: Tensor) -> Tensor:
    """[B, C, F, H, W], of a batch or of one clip without that axis."""
    return clips if clips.dim() == 5 else clips.unsqueeze(0)
