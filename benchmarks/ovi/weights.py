"""The parts of an engine with random weights, drawn where they are to be: there are no files, and nothing is copied."""

from collections.abc import Iterator
from math import prod
from pathlib import Path

import torch
from torch import Generator, Tensor

from understudy.engines.ovi.audio.decoder import AudioDecoder
from understudy.engines.ovi.audio.vae import load_audio_vae
from understudy.engines.ovi.audio.vocoder import load_vocoder
from understudy.engines.ovi.config import OviConfig
from understudy.engines.ovi.memory.placement import Placed, place_transformer
from understudy.engines.ovi.memory.profiles import Profile
from understudy.engines.ovi.options import Options
from understudy.engines.ovi.stage import Stage, build_stage
from understudy.engines.ovi.text.cache import Bounds, EmbeddingCache
from understudy.engines.ovi.text.encoder import TextEncoder, load_text_encoder
from understudy.engines.ovi.text.source import TextSource
from understudy.engines.ovi.text.tiny import write_tiny_tokenizer
from understudy.engines.ovi.text.tokenizer import load_tokenizer
from understudy.engines.ovi.transformer.names import fusion_tensors
from understudy.engines.ovi.video_vae.loading import load_video_vae
from understudy.engines.ovi.video_vae.vae import VideoVae
from understudy.engines.ovi.weights.sources import Part
from understudy.engines.ovi.weights.tiny import random_tensors

SEED = 0
NOTHING = Bounds(count=0, nbytes=0)
"""No embedding is kept, so that every run has to make its own."""


class RandomParts:
    """`Parts` with random weights. The tokenizer is one that knows the prompt's words, and is put in `folder`."""

    def __init__(self, config: OviConfig, dtype: torch.dtype, folder: Path, prompt: str) -> None:
        self._config = config
        self._dtype = dtype
        self._folder = folder
        self._prompt = prompt

    def transformer(self, profile: Profile, device: torch.device) -> Placed:
        """Drawn tensor by tensor, in its own type: twice the real one's size would not fit every card."""

        def source(where: torch.device) -> Iterator[tuple[str, Tensor]]:
            generator = Generator(where).manual_seed(SEED)
            for name, shape in fusion_tensors(self._config.fusion).items():
                tensor = torch.empty(shape, dtype=self._dtype, device=where)
                if "norm" in name and name.endswith("weight"):
                    tensor.fill_(1)
                elif len(shape) > 1 and "modulation" not in name:
                    tensor.normal_(0, prod(shape[1:]) ** -0.5, generator=generator)
                else:
                    tensor.normal_(0, 0.02, generator=generator)
                yield name, tensor

        return place_transformer(profile, self._config.fusion, source, device, self._dtype)

    def texts(self, device: torch.device, home: torch.device) -> TextSource:
        """See `Parts`."""

        def encoder() -> TextEncoder:
            return load_text_encoder(
                self._tensors("text", home), self._config.text, device=home, dtype=self._dtype
            )

        write_tiny_tokenizer(self._folder, vocab_size=self._config.text.vocab_size, texts=[self._prompt])
        return TextSource(
            load_tokenizer(self._folder, text_len=self._config.fusion.video.text_len),
            encoder,
            EmbeddingCache(device=device, passing=NOTHING, lasting=NOTHING),
            device=device,
        )

    def video_vae(self, device: torch.device) -> VideoVae:
        """See `Parts`."""
        dtype = torch.bfloat16 if device.type == "cuda" else torch.float32
        state = self._tensors("video_vae", device)
        return load_video_vae(state, self._config.video_vae, device=device, dtype=dtype)

    def sound(self, device: torch.device) -> AudioDecoder:
        """See `Parts`."""
        wide = torch.float32
        vae, vocoder = self._tensors("audio_vae", device), self._tensors("vocoder", device)
        return AudioDecoder(
            load_audio_vae(vae, self._config.audio_vae, device=device, dtype=wide),
            load_vocoder(vocoder, self._config.vocoder, device=device, dtype=wide),
        )

    def _tensors(self, part: Part, device: torch.device) -> dict[str, Tensor]:
        with device:
            return random_tensors(part, self._config, Generator(device).manual_seed(SEED))


def random_stage(
    options: Options, config: OviConfig, device: torch.device, folder: Path, prompt: str
) -> Stage:
    """What `load_stage` loads from files."""
    parts = RandomParts(config, getattr(torch, options.dtype), folder, prompt)
    return build_stage(options, config, parts, device)
