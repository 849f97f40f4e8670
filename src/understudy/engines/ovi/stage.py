"""The loaded parts on their devices, and what is on the card while another part plays."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from understudy.engines.ovi.assembly import Weights, predictor_for, side_by_side
from understudy.engines.ovi.audio.decoder import AudioDecoder
from understudy.engines.ovi.availability import has_card
from understudy.engines.ovi.config import OviConfig, config_of
from understudy.engines.ovi.denoiser import Denoiser, Solo
from understudy.engines.ovi.guidance import together
from understudy.engines.ovi.options import Options
from understudy.engines.ovi.text.source import TextSource
from understudy.engines.ovi.transformer.compiled import compile_blocks, with_room
from understudy.engines.ovi.video_vae.vae import VideoVae


class Stage:
    """Everything that a run needs, ready to be used."""

    def __init__(
        self,
        config: OviConfig,
        device: torch.device,
        *,
        texts: TextSource,
        denoiser: Denoiser,
        video_vae: VideoVae,
        sound: AudioDecoder,
    ) -> None:
        self.config = config
        self.device = device
        self._texts = texts
        self._denoiser = denoiser
        self._video_vae = video_vae
        self._sound = sound

    @contextmanager
    def texts(self) -> Iterator[TextSource]:
        """The text encoder, for as long as texts are embedded."""
        yield self._texts
        self._texts.offload()

    @contextmanager
    def denoiser(self) -> Iterator[Denoiser]:
        """The transformer."""
        yield self._denoiser

    def encode(self, image: Tensor) -> Tensor:
        """A picture [1, 3, H, W] to a latent frame [z, 1, h, w]."""
        return self._video_vae.encode_image(image)

    def frames(self, latent: Tensor) -> Iterator[NDArray[np.uint8]]:
        """A latent [z, F, h, w] to frames [n, H, W, 3], as they are decoded."""
        return self._video_vae.frames(latent)

    def decode_sound(self, latent: Tensor) -> Tensor:
        """A latent [L, C] to samples."""
        return self._sound(latent)

    def close(self) -> None:
        """Nothing outlives the process."""


def load_stage(options: Options) -> Stage:
    """Load what the options ask for. Raises `EngineUnavailable`."""
    device = torch.device(
        "cuda" if options.device == "cuda" or (options.device == "auto" and has_card()) else "cpu"
    )
    config = config_of(options.folder)
    dtype = getattr(torch, options.dtype)
    weights = Weights(options.folder, options.variant, config, dtype)
    model = weights.transformer(device)
    network = together(model)
    if device.type == "cuda":
        side_by_side(model)
        if options.compile:
            compile_blocks(model)
            network = with_room(network)
    return Stage(
        config,
        device,
        texts=weights.texts(device, home=device),
        denoiser=Solo(
            model,
            network,
            predictor_for(options.playing, model, graphs=options.graphs and device.type == "cuda"),
        ),
        video_vae=weights.video_vae(device),
        sound=weights.sound(device),
    )
