"""The parts of an engine with random weights, drawn where they are to be: there are no files, and nothing is copied."""

from functools import partial
from math import prod
from pathlib import Path

import torch
from torch import Generator, Tensor

from understudy.engines.ovi.assembly import predictor_for, side_by_side
from understudy.engines.ovi.audio.decoder import AudioDecoder
from understudy.engines.ovi.audio.vae import load_audio_vae
from understudy.engines.ovi.audio.vocoder import load_vocoder
from understudy.engines.ovi.config import OviConfig
from understudy.engines.ovi.denoiser import MakePredictor, Solo
from understudy.engines.ovi.guidance import together
from understudy.engines.ovi.options import Options
from understudy.engines.ovi.stage import Stage
from understudy.engines.ovi.text.cache import Bounds, EmbeddingCache
from understudy.engines.ovi.text.encoder import TextEncoder, load_text_encoder
from understudy.engines.ovi.text.source import TextSource
from understudy.engines.ovi.text.tiny import write_tiny_tokenizer
from understudy.engines.ovi.text.tokenizer import load_tokenizer
from understudy.engines.ovi.transformer.attention import best_attention
from understudy.engines.ovi.transformer.block import TowerBlock
from understudy.engines.ovi.transformer.compiled import compile_blocks, with_room
from understudy.engines.ovi.transformer.fusion import Fusion
from understudy.engines.ovi.transformer.loading import build_fusion
from understudy.engines.ovi.video_vae.loading import load_video_vae
from understudy.engines.ovi.weights.sources import Part
from understudy.engines.ovi.weights.tiny import random_tensors

SEED = 0
NOTHING = Bounds(count=0, nbytes=0)
"""No embedding is kept, so that every run has to make its own."""


def random_stage(
    options: Options, config: OviConfig, device: torch.device, folder: Path, prompt: str
) -> Stage:
    """What `load_stage` loads from files. The tokenizer is one that knows the prompt's words, and is put in `folder`."""
    dtype = getattr(torch, options.dtype)
    model = _transformer(config, device, dtype)
    network = together(model)
    if device.type == "cuda":
        side_by_side(model)
        if options.compile:
            compile_blocks(model)
            network = with_room(network)
    predictor: MakePredictor = predictor_for(
        options.playing, model, graphs=options.graphs and device.type == "cuda"
    )
    state = partial(_tensors, config=config, device=device)
    wide = torch.float32
    return Stage(
        config,
        device,
        texts=_texts(config, device, dtype, folder, prompt),
        denoiser=Solo(model, network, predictor),
        video_vae=load_video_vae(
            state("video_vae"),
            config.video_vae,
            device=device,
            dtype=torch.bfloat16 if device.type == "cuda" else wide,
        ),
        sound=AudioDecoder(
            load_audio_vae(state("audio_vae"), config.audio_vae, device=device, dtype=wide),
            load_vocoder(state("vocoder"), config.vocoder, device=device, dtype=wide),
        ),
    )


def _transformer(config: OviConfig, device: torch.device, dtype: torch.dtype) -> Fusion:
    """Drawn in place, in its own type: twice the real one's size would not fit every card."""
    model = build_fusion(config.fusion, device=device, dtype=dtype)
    generator = Generator(device).manual_seed(SEED)
    for name, parameter in model.named_parameters():
        if "norm" in name and name.endswith("weight"):
            parameter.fill_(1)
        elif parameter.dim() > 1 and "modulation" not in name:
            parameter.normal_(0, prod(parameter.shape[1:]) ** -0.5, generator=generator)
        else:
            parameter.normal_(0, 0.02, generator=generator)
    attention = best_attention(device, dtype)
    for module in model.modules():
        if isinstance(module, TowerBlock):
            module.attention = attention
    return model


def _texts(
    config: OviConfig, device: torch.device, dtype: torch.dtype, folder: Path, prompt: str
) -> TextSource:
    def encoder() -> TextEncoder:
        return load_text_encoder(
            _tensors("text", config=config, device=device), config.text, device=device, dtype=dtype
        )

    write_tiny_tokenizer(folder, vocab_size=config.text.vocab_size, texts=[prompt])
    return TextSource(
        load_tokenizer(folder, text_len=config.fusion.video.text_len),
        encoder,
        EmbeddingCache(device=device, passing=NOTHING, lasting=NOTHING),
        device=device,
    )


def _tensors(part: Part, *, config: OviConfig, device: torch.device) -> dict[str, Tensor]:
    with device:
        return random_tensors(part, config, Generator(device).manual_seed(SEED))
