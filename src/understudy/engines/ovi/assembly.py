"""The parts of a loaded engine, from a folder of weights."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import torch

from understudy.engines.ovi.audio.decoder import AudioDecoder
from understudy.engines.ovi.audio.vae import load_audio_vae
from understudy.engines.ovi.audio.vocoder import load_vocoder
from understudy.engines.ovi.config import OviConfig
from understudy.engines.ovi.contracts import NEGATIVE_AUDIO, NEGATIVE_VIDEO
from understudy.engines.ovi.denoiser import MakePredictor
from understudy.engines.ovi.graphs import Graphs
from understudy.engines.ovi.guidance import Guided, GuidedFirst, Network, Predictor, Scales
from understudy.engines.ovi.presets import Preset
from understudy.engines.ovi.step_cache import StepCache
from understudy.engines.ovi.text.cache import EmbeddingCache
from understudy.engines.ovi.text.clean import clean
from understudy.engines.ovi.text.encoder import TextEncoder, load_text_encoder
from understudy.engines.ovi.text.source import TextSource
from understudy.engines.ovi.text.tokenizer import load_tokenizer
from understudy.engines.ovi.transformer.attention import best_attention
from understudy.engines.ovi.transformer.block import TowerBlock, TwinBlock
from understudy.engines.ovi.transformer.fusion import Fusion, Geometry, Moment, Pass
from understudy.engines.ovi.transformer.lanes import Streams
from understudy.engines.ovi.transformer.loading import build_fusion, load_fusion
from understudy.engines.ovi.video_vae.loading import load_video_vae
from understudy.engines.ovi.video_vae.vae import VideoVae
from understudy.engines.ovi.weights.layout import path_of
from understudy.engines.ovi.weights.loading import load_part


class Weights:
    """One variant's files in a folder, and how each becomes a part of the engine."""

    def __init__(self, folder: Path, variant: str, config: OviConfig, dtype: torch.dtype) -> None:
        """`dtype` is that of the transformer and of the text encoder."""
        self._folder = folder
        self._variant = variant
        self._config = config
        self._dtype = dtype

    def transformer(self, device: torch.device) -> Fusion:
        """The transformer, with the fastest attention that the device has. Raises `EngineUnavailable`."""
        model = build_fusion(self._config.fusion, device=device, dtype=self._dtype)
        load_fusion(model, load_part(self._folder, self._variant, "transformer", device=device))
        attention = best_attention(device, self._dtype)
        for module in model.modules():
            if isinstance(module, TowerBlock):
                module.attention = attention
        return model

    def texts(self, device: torch.device, home: torch.device) -> TextSource:
        """Embeddings on `device`; the encoder is loaded when it is first needed, and lives in `home` between runs."""
        tokenizer = path_of(self._folder, self._variant, "tokenizer").parent
        return TextSource(
            load_tokenizer(tokenizer, text_len=self._config.fusion.video.text_len),
            partial(self._text_encoder, home),
            EmbeddingCache(device=device, forever={clean(NEGATIVE_VIDEO), clean(NEGATIVE_AUDIO)}),
            device=device,
        )

    def video_vae(self, device: torch.device) -> VideoVae:
        """The video autoencoder: in 16 bits on a card, in float32 elsewhere."""
        dtype = torch.bfloat16 if device.type == "cuda" else torch.float32
        state = dict(load_part(self._folder, self._variant, "video_vae", device=device))
        return load_video_vae(state, self._config.video_vae, device=device, dtype=dtype)

    def sound(self, device: torch.device) -> AudioDecoder:
        """The decoder of sound, in float32: it costs next to nothing, and 16 bits can be heard."""
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


def side_by_side(model: Fusion) -> None:
    """Let the audio tower's work run beside the video tower's, on a CUDA stream of its own."""
    lanes = Streams(model.device)
    for block in model.blocks:
        assert isinstance(block, TwinBlock)
        block.lanes = lanes


def predictor_for(preset: Preset, model: Fusion, *, graphs: bool = False) -> MakePredictor:
    """What asks the network for velocities under a preset; `graphs`: each step replayed as one CUDA graph.

    A step cache decides on the host at every step, so it goes without graphs.
    """

    def make(
        network: Network,
        moments: Sequence[Moment],
        geometry: Geometry,
        positive: Pass,
        negative: Pass,
        scales: Scales,
    ) -> Predictor:
        if preset.cache is not None:
            network = StepCache(model, preset.cache, len(moments))
        elif graphs:
            network = Graphs(network)
        run = (network, moments, geometry, positive, negative, scales)
        return Guided(*run) if preset.guided == 1 else GuidedFirst(*run, share=preset.guided)

    return make
