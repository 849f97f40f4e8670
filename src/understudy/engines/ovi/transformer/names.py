"""What a checkpoint of the transformer holds: the reference's tensor names and their shapes. No torch."""

from collections.abc import Iterator
from math import prod

from understudy.engines.ovi.config import FusionConfig, TowerConfig

Shape = tuple[int, ...]


def fusion_tensors(config: FusionConfig) -> dict[str, Shape]:
    """Every tensor of a checkpoint by its name, in the file's order."""
    towers = {"video_model": (config.video, _video_patch), "audio_model": (config.audio, _audio_patch)}
    return {
        f"{prefix}.{name}": shape
        for prefix, (tower, patch) in towers.items()
        for name, shape in (*patch(tower), *_tower(tower))
    }


def audio_patch_width(dim: int) -> int:
    """Inner width of the gated convolution that embeds audio: two thirds of 4 D, up to a multiple of 256."""
    return 256 * -(-(2 * 4 * dim // 3) // 256)


def _video_patch(config: TowerConfig) -> Iterator[tuple[str, Shape]]:
    yield "patch_embedding.weight", (config.dim, config.channels, *config.patch)
    yield "patch_embedding.bias", (config.dim,)


def _audio_patch(config: TowerConfig) -> Iterator[tuple[str, Shape]]:
    dim, inner = config.dim, audio_patch_width(config.dim)
    yield "patch_embedding.0.weight", (dim, config.channels, 7)
    yield "patch_embedding.0.bias", (dim,)
    yield "patch_embedding.2.w1.weight", (inner, dim, 7)
    yield "patch_embedding.2.w2.weight", (dim, inner, 7)
    yield "patch_embedding.2.w3.weight", (inner, dim, 7)


def _tower(config: TowerConfig) -> Iterator[tuple[str, Shape]]:
    dim = config.dim
    yield from _linear("text_embedding.0", dim, config.text_dim)
    yield from _linear("text_embedding.2", dim, dim)
    yield from _linear("time_embedding.0", dim, config.freq_dim)
    yield from _linear("time_embedding.2", dim, dim)
    yield from _linear("time_projection.1", 6 * dim, dim)
    for number in range(config.blocks):
        for name, shape in _block(config):
            yield f"blocks.{number}.{name}", shape
    yield "head.modulation", (1, 2, dim)
    yield from _linear("head.head", prod(config.patch) * config.channels, dim)


def _block(config: TowerConfig) -> Iterator[tuple[str, Shape]]:
    dim = config.dim
    for name in "qkvo":
        yield from _linear(f"self_attn.{name}", dim, dim)
    yield "self_attn.norm_q.weight", (dim,)
    yield "self_attn.norm_k.weight", (dim,)
    yield "norm3.weight", (dim,)
    yield "norm3.bias", (dim,)
    for name in "qkvo":
        yield from _linear(f"cross_attn.{name}", dim, dim)
    yield "cross_attn.norm_q.weight", (dim,)
    yield "cross_attn.norm_k.weight", (dim,)
    yield from _linear("cross_attn.k_fusion", dim, dim)
    yield from _linear("cross_attn.v_fusion", dim, dim)
    yield "cross_attn.pre_attn_norm_fusion.weight", (dim,)
    yield "cross_attn.pre_attn_norm_fusion.bias", (dim,)
    yield "cross_attn.norm_k_fusion.weight", (dim,)
    yield from _linear("ffn.0", config.ffn_dim, dim)
    yield from _linear("ffn.2", dim, config.ffn_dim)
    yield "modulation.modulation", (1, 6, dim)


def _linear(name: str, out: int, into: int) -> Iterator[tuple[str, Shape]]:
    yield f"{name}.weight", (out, into)
    yield f"{name}.bias", (out,)
