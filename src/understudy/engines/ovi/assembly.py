"""The parts of a loaded engine, from a folder of weights."""

from collections.abc import Iterator
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor

from understudy.engines.ovi.audio.decoder import AudioDecoder
from understudy.engines.ovi.audio.vae import load_audio_vae
from understudy.engines.ovi.audio.vocoder import load_vocoder
from understudy.engines.ovi.config import OviConfig
from understudy.engines.ovi.contracts import NEGATIVE_AUDIO, NEGATIVE_VIDEO
from understudy.engines.ovi.denoiser import ForOneRun
from understudy.engines.ovi.graphs import graphed
from understudy.engines.ovi.guidance import (
    Guidance,
    Guided,
    GuidedFirst,
    MakePredictor,
    Network,
    Predictor,
    apart,
    together,
)
from understudy.engines.ovi.memory.float8 import compute_in_float8, multiplies_float8
from understudy.engines.ovi.memory.placement import Placed, place_transformer
from understudy.engines.ovi.memory.profiles import Profile
from understudy.engines.ovi.options import Options
from understudy.engines.ovi.step_cache import StepCache
from understudy.engines.ovi.text.cache import EmbeddingCache
from understudy.engines.ovi.text.clean import clean
from understudy.engines.ovi.text.encoder import TextEncoder, load_text_encoder
from understudy.engines.ovi.text.source import TextSource
from understudy.engines.ovi.text.tokenizer import load_tokenizer
from understudy.engines.ovi.transformer.attention import best_attention
from understudy.engines.ovi.transformer.block import TowerBlock, TwinBlock
from understudy.engines.ovi.transformer.compiled import compile_blocks, with_room
from understudy.engines.ovi.transformer.fusion import Fusion
from understudy.engines.ovi.transformer.lanes import Streams
from understudy.engines.ovi.video_vae.loading import load_video_vae
from understudy.engines.ovi.video_vae.vae import VideoVae
from understudy.engines.ovi.weights.layout import path_of
from understudy.engines.ovi.weights.loading import load_part


class Parts(Protocol):
    """Where the parts come from."""

    def transformer(self, profile: Profile, device: torch.device) -> Placed:
        """The transformer, where the profile wants it. Raises `EngineUnavailable`."""

    def texts(self, device: torch.device, home: torch.device) -> TextSource:
        """Embeddings made on `device`; the encoder is loaded when it is first needed, and lives in `home`."""

    def video_vae(self, device: torch.device) -> VideoVae:
        """The video autoencoder: in 16 bits on a card, in float32 elsewhere."""

    def sound(self, device: torch.device) -> AudioDecoder:
        """The decoder of sound, in float32: it costs next to nothing, and 16 bits can be heard."""


class Weights:
    """`Parts` from one variant's files in a folder."""

    def __init__(self, folder: Path, variant: str, config: OviConfig, dtype: torch.dtype) -> None:
        """`dtype` is that of the transformer and of the text encoder."""
        self._folder = folder
        self._variant = variant
        self._config = config
        self._dtype = dtype

    def transformer(self, profile: Profile, device: torch.device) -> Placed:
        """See `Parts`."""

        def source(where: torch.device) -> Iterator[tuple[str, Tensor]]:
            return load_part(self._folder, self._variant, "transformer", device=where)

        return place_transformer(profile, self._config.fusion, source, device, self._dtype)

    def texts(self, device: torch.device, home: torch.device) -> TextSource:
        """See `Parts`."""
        tokenizer = path_of(self._folder, self._variant, "tokenizer").parent
        return TextSource(
            load_tokenizer(tokenizer, text_len=self._config.fusion.video.text_len),
            partial(self._text_encoder, home),
            EmbeddingCache(device=device, forever={clean(NEGATIVE_VIDEO), clean(NEGATIVE_AUDIO)}),
            device=device,
        )

    def video_vae(self, device: torch.device) -> VideoVae:
        """See `Parts`."""
        dtype = torch.bfloat16 if device.type == "cuda" else torch.float32
        state = dict(load_part(self._folder, self._variant, "video_vae", device=device))
        return load_video_vae(state, self._config.video_vae, device=device, dtype=dtype)

    def sound(self, device: torch.device) -> AudioDecoder:
        """See `Parts`."""
        wide = torch.float32
        vae = dict(load_part(self._folder, self._variant, "audio_vae", device=device))
        vocoder = dict(load_part(self._folder, self._variant, "vocoder", device=device))
        return AudioDecoder(
            load_audio_vae(vae, self._config.audio_vae, device=device, dtype=wide),
            load_vocoder(vocoder, self._config.vocoder, device=device, dtype=wide),
        )

    def _text_encoder(self, home: torch.device) -> TextEncoder:
        state = dict(load_part(self._folder, self._variant, "text", device=home))
        return load_text_encoder(state, self._config.text, device=home, dtype=self._dtype)


def network_of(model: Fusion, options: Options, profile: Profile, device: torch.device) -> Network:
    """The model made ready to compute as fast as it can."""
    attention = best_attention(device, getattr(torch, options.dtype))
    for module in model.modules():
        if isinstance(module, TowerBlock):
            module.attention = attention
    if options.playing.float8 and options.dtype == "bfloat16" and multiplies_float8(device):
        compute_in_float8(model)
    network = together(model) if profile.together else apart(model)
    if device.type != "cuda":
        return network
    if profile.side_by_side:
        lanes = Streams(device)
        for block in model.blocks:
            assert isinstance(block, TwinBlock)
            block.lanes = lanes
    if not _compiles(options, device):
        return network
    compile_blocks(model)
    return with_room(network)


def predictor_for(options: Options, model: Fusion, device: torch.device) -> MakePredictor:
    """What asks the network for velocities under the options' preset."""
    preset = options.playing

    def make(run: Guidance) -> Predictor:
        if preset.cache is not None:
            caching = StepCache(model, preset.cache, len(run.moments))
            run = run._replace(network=with_room(caching) if _compiles(options, device) else caching)
        return Guided(run) if preset.guided == 1 else GuidedFirst(run, share=preset.guided)

    return make


def for_one_run(options: Options, profile: Profile, device: torch.device) -> ForOneRun:
    """Graphs, where they are wanted and possible: a step cache decides on the host at every step, and streamed weights
    are now here, now there."""
    possible = device.type == "cuda" and profile.blocks == "kept" and options.playing.cache is None
    return graphed if options.graphs and possible else nullcontext


def _compiles(options: Options, device: torch.device) -> bool:
    return options.compile and device.type == "cuda"
