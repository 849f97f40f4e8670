"""The recorded model, and the recorded sampling runs as requests."""

import json
from typing import Any, NamedTuple

import torch
from safetensors.torch import load_file

from tests.engines.ovi.golden import GOLDEN
from understudy.engines.ovi.config import FusionConfig
from understudy.engines.ovi.denoise import Latents
from understudy.engines.ovi.denoiser import DenoiseRequest
from understudy.engines.ovi.guidance import Scales
from understudy.engines.ovi.transformer.fusion import Fusion
from understudy.engines.ovi.transformer.loading import build_fusion, load_fusion

NAMES = ("t2v", "i2v", "t2v_euler", "t2v_dpmpp")


class Recorded(NamedTuple):
    """One run: what was asked, and what came of it."""

    request: DenoiseRequest
    latents: Latents


def recorded_model() -> Fusion:
    """Two blocks of three heads, float32, on the CPU."""
    config = FusionConfig.of(json.loads((GOLDEN / "fusion" / "config.json").read_bytes()))
    model = build_fusion(config, device="cpu", dtype=torch.float32)
    load_fusion(model, load_file(GOLDEN / "fusion" / "model.safetensors").items())
    return model


def recorded(name: str) -> Recorded:
    """One of `NAMES`."""
    runs: list[dict[str, Any]] = json.loads((GOLDEN / "denoise" / "denoise.json").read_bytes())
    (run,) = (each for each in runs if each["file"] == f"{name}.safetensors")
    data = load_file(GOLDEN / "denoise" / run["file"])
    request = DenoiseRequest(
        video_noise=data["video_noise"],
        audio_noise=data["audio_noise"],
        positive=data["text_pos"],
        video_negative=data["text_video_neg"],
        audio_negative=data["text_audio_neg"],
        first_frame=data.get("first_frame_latent"),
        solver=run["solver"],
        steps=run["steps"],
        shift=run["shift"],
        scales=Scales(run["video_guidance"], run["audio_guidance"]),
        skip=run["slg_layer"],
    )
    return Recorded(request, Latents(data["final_video"], data["final_audio"]))
