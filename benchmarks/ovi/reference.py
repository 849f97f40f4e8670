"""The reference, in the same run: a checkout of character-ai/Ovi, by its own code, in a process of its own."""

import subprocess
import tempfile
from pathlib import Path
from typing import Any

import msgspec
import torch

from benchmarks.ovi import reference_run
from benchmarks.ovi.cell import Reference
from benchmarks.ovi.measure import Plan, clip_size, words_of
from understudy.engines.ovi.config import REAL, OviConfig, TowerConfig
from understudy.engines.ovi.weights.tiny import random_tensors
from understudy.errors import EngineUnavailable

ENGINE = Path("ovi") / "ovi_fusion_engine.py"


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What the other process is to do."""

    device: str
    video: dict[str, Any]
    """In the terms of the reference's configuration files; what they say besides is left as it is."""
    audio: dict[str, Any]
    text: dict[str, int]
    vae: str | None
    """File of the video autoencoder's weights; None leaves it out."""
    size: tuple[int, int]
    area: int
    video_latent_frames: int
    audio_latent_length: int
    words: int
    steps: int
    skip: int


def run_reference(checkout: Path, python: str, plan: Plan, variant: str, steps: int) -> Reference:
    """Time one clip. Raises `EngineUnavailable` if the checkout is not one, or cannot be run with that interpreter."""
    if not (checkout / ENGINE).is_file():
        raise EngineUnavailable(
            f"{checkout} has no {ENGINE}: give the folder of a checkout of github.com/character-ai/Ovi."
        )
    with tempfile.TemporaryDirectory() as folder:
        order = Path(folder) / "order.json"
        order.write_bytes(msgspec.json.encode(_order(plan, variant, steps, Path(folder))))
        done = subprocess.run(
            [python, str(Path(reference_run.__file__).resolve()), str(order)],
            cwd=checkout,
            capture_output=True,
            text=True,
            check=False,
        )
    lines = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    if done.returncode or not lines:
        said = done.stderr.strip().splitlines()
        raise EngineUnavailable(
            f"The reference could not be run (exit code {done.returncode}); at the end it said:\n"
            + "\n".join(said[-20:])
            + "\nIts requirements.txt names what it needs; --against-python takes an interpreter that has it."
        )
    return msgspec.json.decode(lines[-1].removeprefix("RESULT "), type=Reference)


def _order(plan: Plan, variant: str, steps: int, folder: Path) -> Order:
    config, made = plan.config, plan.config.variants[variant]
    vae = None
    if config.video_vae == REAL.video_vae:  # its code has this one size
        vae = folder / "video_vae.pth"
        torch.save(random_tensors("video_vae", config, torch.Generator().manual_seed(0)), vae)
    return Order(
        device=plan.device.type,
        video=_tower(config.fusion.video),
        audio=_tower(config.fusion.audio),
        text=_text(config),
        vae=None if vae is None else str(vae),
        size=clip_size(config, variant),
        area=made.area,
        video_latent_frames=made.video_latent_frames,
        audio_latent_length=made.audio_latent_length,
        words=words_of(config),
        steps=steps,
        skip=config.skip_block,
    )


def _tower(config: TowerConfig) -> dict[str, Any]:
    return {
        "dim": config.dim,
        "ffn_dim": config.ffn_dim,
        "freq_dim": config.freq_dim,
        "num_heads": config.heads,
        "num_layers": config.blocks,
        "in_dim": config.channels,
        "out_dim": config.channels,
        "text_len": config.text_len,
        "text_dim": config.text_dim,
    }


def _text(config: OviConfig) -> dict[str, int]:
    text = config.text
    return {
        "vocab_size": text.vocab_size,
        "dim": text.d_model,
        "dim_attn": text.num_heads * text.d_kv,
        "dim_ffn": text.d_ff,
        "num_heads": text.num_heads,
        "encoder_layers": text.num_layers,
        "decoder_layers": text.num_layers,
        "num_buckets": text.relative_attention_num_buckets,
    }
