"""Weights from a checkpoint's names into our modules, each straight to its place."""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import torch
from torch import Tensor

from understudy.engines.ovi.config import FusionConfig
from understudy.engines.ovi.tensor_table import Shape, must_match
from understudy.engines.ovi.transformer.fusion import Fusion
from understudy.engines.ovi.transformer.names import fusion_tensors

_PART: Final = "transformer"


class Place(NamedTuple):
    """Where a stored tensor goes: the `part`-th of `parts` equal slices along the first axis of a parameter."""

    parameter: str
    part: int = 0
    parts: int = 1


def build_fusion(config: FusionConfig, *, device: torch.device | str, dtype: torch.dtype) -> Fusion:
    """The transformer on `device` (or "meta"), its weights not yet set."""
    with torch.device("meta"):
        model = Fusion(config).to(dtype).requires_grad_(False).eval()
    return model if str(device) == "meta" else model.to_empty(device=device)


def load_fusion(model: Fusion, tensors: Iterable[tuple[str, Tensor]]) -> None:
    """Put every tensor of a checkpoint in its place, cast to the model's dtype, one at a time.

    Raises `EngineUnavailable` for a tensor that is missing, unknown or of another shape.
    """
    shapes = fusion_tensors(model.config)
    places = fusion_places(model.config)
    parameters = dict(model.named_parameters())
    found: dict[str, Shape] = {}
    for name, tensor in tensors:
        found[name] = tuple(tensor.shape)
        # Each at once: reading tens of gigabytes of another model first would take its time.
        must_match(_PART, {name: found[name]}, {name: shapes[name]} if name in shapes else {})
        place = places[name]
        target = parameters[place.parameter].chunk(place.parts)[place.part]
        target.copy_(tensor.reshape(target.shape))
    must_match(_PART, found, shapes)


def fusion_places(config: FusionConfig) -> dict[str, Place]:
    """The place of every stored tensor, by its name."""
    places = dict(_ends("video_model", "video")) | dict(_ends("audio_model", "audio"))
    for number in range(config.video.blocks):
        for tower in ("video", "audio"):
            for name, place in _block(f"blocks.{number}.{tower}"):
                places[f"{tower}_model.blocks.{number}.{name}"] = place
    return places


def _ends(prefix: str, tower: str) -> Iterator[tuple[str, Place]]:
    pairs = {
        "text_embedding.0": "text.0",
        "text_embedding.2": "text.2",
        "time_embedding.0": "time.enter",
        "time_embedding.2": "time.leave",
        "time_projection.1": "time.projection",
        "head.head": "head",
        "patch_embedding": "patches.linear",
        "patch_embedding.0": "patches.enter",
    }
    del pairs["patch_embedding.0" if tower == "video" else "patch_embedding"]
    for stored, ours in pairs.items():
        yield from _linear(f"{prefix}.{stored}", f"{tower}.{ours}")
    yield f"{prefix}.head.modulation", Place(f"{tower}.head_modulation")
    if tower == "audio":
        yield f"{prefix}.patch_embedding.2.w1.weight", Place("audio.patches.gated.up.weight", 0, 2)
        yield f"{prefix}.patch_embedding.2.w3.weight", Place("audio.patches.gated.up.weight", 1, 2)
        yield f"{prefix}.patch_embedding.2.w2.weight", Place("audio.patches.gated.down.weight")


def _block(ours: str) -> Iterator[tuple[str, Place]]:
    yield "modulation.modulation", Place(f"{ours}.modulation")
    for part, name in enumerate("qkv"):
        yield from _linear(f"self_attn.{name}", f"{ours}.self_qkv", part, 3)
    for part, name in enumerate("kv"):
        yield from _linear(f"cross_attn.{name}", f"{ours}.text_kv", part, 2)
        yield from _linear(f"cross_attn.{name}_fusion", f"{ours}.other_kv", part, 2)
    for stored, name in {
        "self_attn.o": "self_out",
        "cross_attn.q": "cross_q",
        "cross_attn.o": "cross_out",
        "cross_attn.pre_attn_norm_fusion": "other_norm",
        "norm3": "cross_norm",
        "ffn.0": "ffn.up",
        "ffn.2": "ffn.down",
    }.items():
        yield from _linear(stored, f"{ours}.{name}")
    for stored, name in {
        "self_attn.norm_q": "self_norm_q",
        "self_attn.norm_k": "self_norm_k",
        "cross_attn.norm_q": "cross_norm_q",
        "cross_attn.norm_k": "text_norm_k",
        "cross_attn.norm_k_fusion": "other_norm_k",
    }.items():
        yield f"{stored}.weight", Place(f"{ours}.{name}.weight")


def _linear(stored: str, ours: str, part: int = 0, parts: int = 1) -> Iterator[tuple[str, Place]]:
    yield f"{stored}.weight", Place(f"{ours}.weight", part, parts)
    yield f"{stored}.bias", Place(f"{ours}.bias", part, parts)
