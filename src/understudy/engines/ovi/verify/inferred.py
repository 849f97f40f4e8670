"""Configurations told by the shapes of a checkpoint's tensors, as far as shapes depend on them."""

from itertools import count, takewhile

from understudy.engines.ovi.config import (
    AudioVaeConfig,
    FusionConfig,
    TextConfig,
    TowerConfig,
    VideoVaeConfig,
    VocoderConfig,
)
from understudy.engines.ovi.tensor_table import Shapes


def fusion(shapes: Shapes) -> FusionConfig:
    """But for the number of heads and the length of texts. Raises `KeyError` if a tensor is missing, as all here."""
    return FusionConfig(video=_tower(shapes, "video_model"), audio=_tower(shapes, "audio_model"))


def text(shapes: Shapes) -> TextConfig:
    """UMT5's encoder."""
    buckets, heads = shapes["blocks.0.pos_embedding.embedding.weight"]
    vocabulary, d_model = shapes["token_embedding.weight"]
    return TextConfig(
        vocab_size=vocabulary,
        d_model=d_model,
        d_ff=shapes["blocks.0.ffn.fc1.weight"][0],
        d_kv=shapes["blocks.0.attn.q.weight"][0] // heads,
        num_heads=heads,
        num_layers=_count(shapes, "blocks.{}.norm1.weight"),
        relative_attention_num_buckets=buckets,
    )


def video_vae(shapes: Shapes) -> VideoVaeConfig:
    """But for the statistics of latents."""
    base = shapes["encoder.conv1.weight"][0]
    level = "encoder.downsamples.{}.downsamples"
    levels = _count(shapes, f"{level}.0.residual.2.weight")
    widths = [shapes[f"{level.format(number)}.0.residual.2.weight"][0] for number in range(levels)]
    blocks = _count(shapes, f"{level.format(0)}.{{}}.residual.2.weight")
    return VideoVaeConfig(
        base_dim=base,
        decoder_base_dim=shapes["decoder.head.0.gamma"][0] * base // widths[0],
        latents_mean=(),
        latents_std=(),
        z_dim=shapes["conv2.weight"][0],
        dim_mult=tuple(width // base for width in widths),
        num_res_blocks=blocks,
        temperal_downsample=tuple(
            f"{level.format(number)}.{blocks}.time_conv.weight" in shapes for number in range(levels - 1)
        ),
        in_channels=shapes["encoder.conv1.weight"][1],
        out_channels=shapes["decoder.head.2.weight"][0],
    )


def audio_vae(shapes: Shapes) -> AudioVaeConfig:
    """MMAudio's mel autoencoder, with its encoder."""
    hidden = shapes["encoder.conv_in.weight"][0]
    levels = _count(shapes, "decoder.up.{}.block.0.conv1.weight")
    _, embedded, kernel = shapes["decoder.conv_in.weight"]
    return AudioVaeConfig(
        data_dim=shapes["data_mean"][1],
        embed_dim=embedded,
        hidden_dim=hidden,
        ch_mult=tuple(
            shapes[f"decoder.up.{number}.block.0.conv1.weight"][0] // hidden for number in range(levels)
        ),
        num_res_blocks=_count(shapes, "decoder.up.0.block.{}.conv1.weight") - 1,
        down_sampled_levels=tuple(
            number - 1 for number in range(levels) if f"decoder.up.{number}.upsample.conv.weight" in shapes
        ),
        kernel_size=kernel,
    )


def vocoder(shapes: Shapes) -> VocoderConfig:
    """But for rates and dilations, of which only the number shows."""
    start, mels, _ = shapes["conv_pre.weight_v"]
    stages = _count(shapes, "ups.{}.0.weight_v")
    units = _count(shapes, "resblocks.{}.convs1.0.weight_v") // stages
    kernels = tuple(shapes[f"ups.{stage}.0.weight_v"][2] for stage in range(stages))
    return VocoderConfig(
        num_mels=mels,
        upsample_rates=tuple(kernel // 2 for kernel in kernels),
        upsample_kernel_sizes=kernels,
        upsample_initial_channel=start,
        resblock_kernel_sizes=tuple(
            shapes[f"resblocks.{unit}.convs1.0.weight_v"][2] for unit in range(units)
        ),
        resblock_dilation_sizes=tuple(
            (1,) * _count(shapes, f"resblocks.{unit}.convs1.{{}}.weight_v") for unit in range(units)
        ),
    )


def _tower(shapes: Shapes, prefix: str) -> TowerConfig:
    entry = f"{prefix}.patch_embedding.weight"
    video = entry in shapes
    return TowerConfig(
        dim=shapes[f"{prefix}.head.head.weight"][1],
        ffn_dim=shapes[f"{prefix}.blocks.0.ffn.0.weight"][0],
        freq_dim=shapes[f"{prefix}.time_embedding.0.weight"][1],
        heads=1,
        blocks=_count(shapes, f"{prefix}.blocks.{{}}.norm3.weight"),
        channels=shapes[entry if video else f"{prefix}.patch_embedding.0.weight"][1],
        patch=shapes[entry][2:] if video else (1,),
        text_len=0,
        text_dim=shapes[f"{prefix}.text_embedding.0.weight"][1],
    )


def _count(shapes: Shapes, pattern: str) -> int:
    """How many tensors there are of a pattern with one number, counted from 0."""
    return len([*takewhile(lambda number: pattern.format(number) in shapes, count())])
