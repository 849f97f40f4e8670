"""The loaded autoencoder, as the pipeline sees it: latents are normalised, pictures are in [-1, 1]."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from understudy.engines.ovi.config import VideoVaeConfig
from understudy.engines.ovi.video_vae.causal import History
from understudy.engines.ovi.video_vae.decoder import Decoder
from understudy.engines.ovi.video_vae.frames import to_frames, to_host
from understudy.errors import EngineInputError


class VideoVae:
    """Videos to latents and back. One clip at a time; nothing is kept between two calls."""

    def __init__(self, encoder: Any, decoder: Decoder, config: VideoVaeConfig) -> None:
        """`encoder` is what `AutoencoderKLWan` needs to encode; both on one device, in one dtype."""
        self._encoder = encoder
        self._decoder = decoder
        self._config = config
        weight = decoder.entry.weight
        self.device = weight.device
        self.dtype = weight.dtype
        # [z, 1, 1, 1]
        self._mean = torch.tensor(config.latents_mean, device=self.device).view(-1, 1, 1, 1)
        self._std = torch.tensor(config.latents_std, device=self.device).view(-1, 1, 1, 1)

    @property
    def modules(self) -> tuple[nn.Module, ...]:
        """What holds weights."""
        return self._encoder, self._decoder

    def encode_image(self, image: Tensor) -> Tensor:
        """One picture [1, 3, H, W] in about [-1, 1] -> its latent frame, float32 [z, 1, H/16, W/16]."""
        return self.encode(image.unsqueeze(2))

    @torch.no_grad()
    def encode(self, video: Tensor) -> Tensor:
        """A video [1, 3, F, H, W] in about [-1, 1] -> its latent, float32 [z, 1 + (F - 1)/4, H/16, W/16].

        The mean of the posterior, (mean - latents_mean) / latents_std by channel.
        Raises `EngineInputError` if F - 1 is not a multiple of 4, or H or W not of 16.
        """
        frames, height, width = video.shape[2:]
        cell, step = self._config.scale_factor_spatial, self._config.scale_factor_temporal
        if height % cell or width % cell or (frames - 1) % step:
            raise EngineInputError(
                f"The video autoencoder takes heights and widths that are multiples of {cell}, and {step}n + 1 frames;"
                f" this is {width} x {height}, {frames} frames. Resize the picture before."
            )
        posterior = self._encoder.encode(video.to(self.device, self.dtype)).latent_dist
        mean: Tensor = posterior.mean[0].float()
        return (mean - self._mean) / self._std

    def decode(self, latent: Tensor, *, clamp: bool = True) -> Iterator[Tensor]:
        """A latent [z, F, h, w] -> for each latent frame its pictures, float32 [3, n, 16 h, 16 w]; n is 1, then 4.

        Each is computed when it is asked for, and not kept. In [-1, 1], unless `clamp` is False.
        """
        history: History = {}
        for frame in latent.to(self.device).split(1, dim=1):
            pictures = self._next_pictures(frame, history)
            yield pictures.clamp_(-1, 1) if clamp else pictures

    def frames(self, latent: Tensor) -> Iterator[NDArray[np.uint8]]:
        """A latent [z, F, h, w] -> for each latent frame its frames, uint8 [n, 16 h, 16 w, 3]; n is 1, then 4."""
        return to_host(map(to_frames, self.decode(latent)))

    # On each call and not around the loop of `decode`: what a generator enters, its caller is in as well.
    @torch.no_grad()
    def _next_pictures(self, frame: Tensor, history: History) -> Tensor:
        """One latent frame [z, 1, h, w] -> [3, n, 16 h, 16 w], float32."""
        cells = (frame.float() * self._std + self._mean).to(self.dtype)
        pictures: Tensor = self._decoder(cells.unsqueeze(0), history)
        return pictures.float()
