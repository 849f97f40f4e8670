"""Latents of sound to a waveform, in one call."""

import torch
from torch import Tensor, nn

from understudy.engines.ovi.audio.vae import AudioVae
from understudy.engines.ovi.audio.vocoder import Vocoder


class AudioDecoder:
    """The autoencoder's decoder and the vocoder, one after the other. Each may compute in its own precision."""

    def __init__(self, vae: AudioVae, vocoder: Vocoder) -> None:
        self._vae = vae
        self._vocoder = vocoder

    @property
    def modules(self) -> tuple[nn.Module, ...]:
        """What holds weights."""
        return self._vae, self._vocoder

    @torch.inference_mode()
    def __call__(self, latent: Tensor) -> Tensor:
        """Latents [L, 20], as the transformer makes them, to a waveform [512 L]: float32, mono, 16 kHz, in [-1, 1].

        Where `latent` lies, there lies the waveform.
        """
        mel = self._vae.denormalise(self._vae.decode(latent.T[None]))  # [1, 80, 2L]
        waveform: Tensor = self._vocoder(mel)  # [1, 1, 512 L]
        return waveform.float().flatten()
