"""A model of the real one's build, small enough for a test: random weights in the real files and containers.

What it makes is noise; that it is made, and how, is what it is for.
"""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec
import torch
from safetensors.torch import save_file
from torch import Generator, Tensor

from understudy.engines.ovi.config import (
    REAL,
    AudioVaeConfig,
    FusionConfig,
    OviConfig,
    TextConfig,
    TowerConfig,
    Variant,
    VideoVaeConfig,
    VocoderConfig,
)
from understudy.engines.ovi.tensor_table import Shape
from understudy.engines.ovi.text.tiny import write_tiny_tokenizer
from understudy.engines.ovi.weights.expected import expected
from understudy.engines.ovi.weights.sources import SHARED, Part, sources_of

TINY_VARIANT: Final = "tiny_1s"

_TEXTS: Final = (
    "A lighthouse on a cliff at dusk, waves below. <S>The boats are late tonight.<E>",
    "Audio: wind, waves, a distant bell. <AUDCAP>Wind, waves, a distant bell.<ENDAUDCAP>",
    "jitter, bad hands, blur, distortion, robotic, muffled, echo, distorted",
)
"""What the tokenizer knows words of."""


def tiny_config() -> OviConfig:
    """Frames of about 128 x 128, a second long, in both styles of prompt: `tiny_1s` and `tiny_1s_label`."""
    shared = {
        "dim": 96,
        "ffn_dim": 192,
        "freq_dim": 32,
        "heads": 3,
        "blocks": 3,
        "text_len": 64,
        "text_dim": 64,
    }
    clip = {"area": 128 * 128, "video_latent_frames": 7, "audio_latent_length": 32}
    return OviConfig(
        fusion=FusionConfig(
            video=TowerConfig(channels=48, patch=(1, 2, 2), **shared),
            audio=TowerConfig(channels=20, patch=(1,), rope_scale=0.19676, **shared),
        ),
        text=TextConfig(vocab_size=384, d_model=64, d_ff=128, d_kv=16, num_heads=4, num_layers=2),
        video_vae=VideoVaeConfig(
            base_dim=8,
            decoder_base_dim=12,
            latents_mean=REAL.video_vae.latents_mean,
            latents_std=REAL.video_vae.latents_std,
        ),
        audio_vae=AudioVaeConfig(hidden_dim=24),
        vocoder=VocoderConfig(upsample_initial_channel=128),
        variants={
            TINY_VARIANT: Variant(checkpoint="model.safetensors", style="tags", **clip),
            f"{TINY_VARIANT}_label": Variant(checkpoint="model_label.safetensors", style="label", **clip),
        },
        skip_block=1,
    )


def write_tiny(folder: Path, config: OviConfig | None = None, *, seed: int = 0) -> OviConfig:
    """Write a folder of weights for `config` (by default `tiny_config()`), and return it.

    The layout, names, containers and dtypes are the real ones; the same seed gives the same values. There is an
    `ovi.json`, by which `config_of` knows the model.
    """
    config = config or tiny_config()
    generator = Generator().manual_seed(seed)
    transformers = {
        source.here: source for variant in config.variants for source in sources_of(config, variant)[:1]
    }
    for source in (*transformers.values(), *SHARED):
        path = folder / source.here
        path.parent.mkdir(parents=True, exist_ok=True)
        if source.part == "tokenizer":
            write_tiny_tokenizer(path.parent, vocab_size=config.text.vocab_size, texts=_TEXTS)
        else:
            _write(path, source.part, random_tensors(source.part, config, generator))
    (folder / "ovi.json").write_bytes(msgspec.json.format(msgspec.json.encode(config)) + b"\n")
    return config


def random_tensors(part: Part, config: OviConfig, generator: Generator) -> dict[str, Tensor]:
    """Every tensor of a part by its name, such that what goes through the network neither vanishes nor explodes."""
    dtype = torch.bfloat16 if part in ("transformer", "text") else torch.float32
    return {name: _value(name, shape, generator).to(dtype) for name, shape in expected(part, config).items()}


def _write(path: Path, part: Part, tensors: Mapping[str, Tensor]) -> None:
    if path.suffix == ".safetensors":
        save_file(dict(tensors), path)
    else:
        torch.save({"generator": dict(tensors)} if part == "vocoder" else dict(tensors), path)


def _value(name: str, shape: Shape, generator: Generator) -> Tensor:
    noise = torch.randn(shape, generator=generator)
    words = name.split(".")
    if words[-1] == "filter":
        return _low_pass(shape)
    if words[-1] in ("gamma", "weight_g", "data_std") or ("norm" in name and words[-1] == "weight"):
        return 1 + 0.02 * noise
    if words[-1] == "weight" and words[0] == "token_embedding":
        return noise
    if words[-1] in ("weight", "weight_v"):
        return noise / math.sqrt(math.prod(shape[1:]))  # each output as large as the inputs
    return 0.02 * noise


def _low_pass(shape: Shape) -> Tensor:
    """The anti-aliasing filter: a Kaiser-windowed sinc, cutoff 0.25, half-width 0.3, of sum 1 (BigVGAN)."""
    taps = shape[-1]
    window = torch.kaiser_window(taps, periodic=False, beta=_kaiser_beta(taps // 2, 4 * 0.3))
    time = torch.arange(taps) - taps / 2 + 0.5
    kernel = window * torch.sinc(2 * 0.25 * time)
    return (kernel / kernel.sum()).expand(shape).contiguous()


def _kaiser_beta(half: int, width: float) -> float:
    """Kaiser's beta for a filter of 2 * `half` taps (Oppenheim and Schafer, Discrete-Time Signal Processing, 7.6)."""
    attenuation = 2.285 * (half - 1) * math.pi * width + 7.95
    if attenuation > 50:
        return 0.1102 * (attenuation - 8.7)
    return 0.5842 * (attenuation - 21) ** 0.4 + 0.07886 * (attenuation - 21) if attenuation >= 21 else 0.0
