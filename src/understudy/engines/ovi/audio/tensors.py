"""What the two audio checkpoints hold: every tensor's name and shape, as stored. No torch.

Source: MMAudio's `v1-16.pth`, and `best_netG.pt` below its key "generator".
"""

import re
from collections.abc import Iterator
from typing import Final

from understudy.engines.ovi.config import AudioVaeConfig, VocoderConfig
from understudy.engines.ovi.tensor_table import Shape
from understudy.errors import EngineUnavailable

FILTER_TAPS: Final = 12
"""Length of BigVGAN's anti-aliasing filters: 6 taps for each of the two phases."""

_WEIGHT_NORM: Final = re.compile(r"\.parametrizations\.weight\.original([01])$")


def vae_tensors(config: AudioVaeConfig, *, encoder: bool = True) -> dict[str, Shape]:
    """Names and shapes of the autoencoder, in the file's order; without the encoder's if it is not wanted.

    Raises `EngineUnavailable` for attention between the levels, which no published checkpoint has.
    """
    if config.attention_levels:
        raise EngineUnavailable(
            "The audio autoencoder's configuration has attention_levels; only attention in the middle is known."
        )
    bands = (1, config.data_dim, 1)
    return {
        "data_mean": bands,
        "data_std": bands,
        **(dict(_encoder(config)) if encoder else {}),
        **dict(_decoder(config)),
    }


def vocoder_tensors(config: VocoderConfig) -> dict[str, Shape]:
    """Names and shapes of the vocoder in the file's order, weight norm spelt `weight_g` and `weight_v`.

    Raises `EngineUnavailable` if the lists of the configuration differ in length.
    """
    if len(config.upsample_rates) != len(config.upsample_kernel_sizes):
        raise EngineUnavailable("The vocoder's configuration needs one upsample_kernel_size for each rate.")
    if len(config.resblock_kernel_sizes) != len(config.resblock_dilation_sizes):
        raise EngineUnavailable("The vocoder's configuration needs one list of dilations for each resblock.")
    return dict(_vocoder(config))


def weight_norm_spelling(name: str) -> str:
    """A tensor's name with weight norm spelt `weight_g`, `weight_v`; newer versions of torch spell it otherwise."""
    return _WEIGHT_NORM.sub(lambda found: ".weight_g" if found[1] == "0" else ".weight_v", name)


def _encoder(config: AudioVaeConfig) -> Iterator[tuple[str, Shape]]:
    kernel, width = config.kernel_size, config.hidden_dim
    yield "encoder.learnable_gain", ()
    yield "encoder.conv_in.weight", (width, config.data_dim, kernel)
    for level, factor in enumerate(config.ch_mult):
        name = f"encoder.down.{level}"
        for block in range(config.num_res_blocks):
            yield from _residual(f"{name}.block.{block}", width, factor * config.hidden_dim, kernel)
            width = factor * config.hidden_dim
        if level in config.down_sampled_levels:
            yield f"{name}.downsample.conv1.weight", (width, width, 1)
            yield f"{name}.downsample.conv2.weight", (width, width, 1)
    yield from _middle("encoder.mid", width, kernel)
    yield "encoder.conv_out.weight", (2 * config.embed_dim, width, kernel)


def _decoder(config: AudioVaeConfig) -> Iterator[tuple[str, Shape]]:
    kernel = config.kernel_size
    widths = [factor * config.hidden_dim for factor in config.ch_mult]
    yield "decoder.learnable_gain", ()
    yield "decoder.conv_in.weight", (widths[-1], config.embed_dim, kernel)
    yield from _middle("decoder.mid", widths[-1], kernel)
    for level, width in enumerate(widths):
        name = f"decoder.up.{level}"
        above = widths[min(level + 1, len(widths) - 1)]
        for block in range(config.num_res_blocks + 1):
            yield from _residual(f"{name}.block.{block}", width if block else above, width, kernel)
        if level - 1 in config.down_sampled_levels:
            yield f"{name}.upsample.conv.weight", (width, width, kernel)
    yield "decoder.conv_out.weight", (config.data_dim, widths[0], kernel)


def _residual(name: str, inside: int, out: int, kernel: int) -> Iterator[tuple[str, Shape]]:
    yield f"{name}.conv1.weight", (out, inside, kernel)
    yield f"{name}.conv2.weight", (out, out, kernel)
    if inside != out:
        yield f"{name}.nin_shortcut.weight", (out, inside, 1)


def _middle(name: str, width: int, kernel: int) -> Iterator[tuple[str, Shape]]:
    yield from _residual(f"{name}.block_1", width, width, kernel)
    yield f"{name}.attn_1.qkv.weight", (3 * width, width, 1)
    yield f"{name}.attn_1.proj_out.weight", (width, width, 1)
    yield from _residual(f"{name}.block_2", width, width, kernel)


def _vocoder(config: VocoderConfig) -> Iterator[tuple[str, Shape]]:
    start = config.upsample_initial_channel
    widths = [start >> (stage + 1) for stage in range(len(config.upsample_rates))]
    yield from _convolution("conv_pre", (start, config.num_mels, 7), bias=start)
    for stage, (width, kernel) in enumerate(zip(widths, config.upsample_kernel_sizes, strict=True)):
        # Transposed: the first axis counts the channels that come in.
        yield from _convolution(f"ups.{stage}.0", (start >> stage, width, kernel), bias=width)
    units = list(zip(config.resblock_kernel_sizes, config.resblock_dilation_sizes, strict=True))
    for stage, width in enumerate(widths):
        for number, (kernel, dilations) in enumerate(units, start=stage * len(units)):
            name = f"resblocks.{number}"
            for part in ("convs1", "convs2"):
                for index in range(len(dilations)):
                    yield from _convolution(f"{name}.{part}.{index}", (width, width, kernel), bias=width)
            for index in range(2 * len(dilations)):
                yield from _activation(f"{name}.activations.{index}", width)
    yield from _activation("activation_post", widths[-1])
    yield from _convolution("conv_post", (1, widths[-1], 7), bias=1)


def _convolution(name: str, weight: Shape, *, bias: int) -> Iterator[tuple[str, Shape]]:
    yield f"{name}.bias", (bias,)
    yield f"{name}.weight_g", (weight[0], 1, 1)
    yield f"{name}.weight_v", weight


def _activation(name: str, width: int) -> Iterator[tuple[str, Shape]]:
    yield f"{name}.act.alpha", (width,)
    yield f"{name}.act.beta", (width,)
    yield f"{name}.upsample.filter", (1, 1, FILTER_TAPS)
    yield f"{name}.downsample.lowpass.filter", (1, 1, FILTER_TAPS)
