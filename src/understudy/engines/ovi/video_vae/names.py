"""The tensors of the checkpoint: their names and shapes in the reference, and their names in diffusers.

Both networks are built of the same few parts, so one walk over the parts gives all three. Importing this needs no torch.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from understudy.engines.ovi.config import VideoVaeConfig
from understudy.engines.ovi.tensor_table import Shape


class _Tensor(NamedTuple):
    reference: str
    diffusers: str
    shape: Shape


def video_vae_tensors(config: VideoVaeConfig) -> dict[str, Shape]:
    """Every tensor of a checkpoint of this size: its name in the reference -> its shape."""
    return {tensor.reference: tensor.shape for tensor in _tensors(config)}


def diffusers_names(config: VideoVaeConfig) -> dict[str, str]:
    """Every tensor of a checkpoint of this size: its name in the reference -> its name in `AutoencoderKLWan`."""
    return {tensor.reference: tensor.diffusers for tensor in _tensors(config)}


def _tensors(config: VideoVaeConfig) -> Iterator[_Tensor]:
    z = config.z_dim
    yield from _encoder(config)
    yield from _conv("conv1", "quant_conv", (2 * z, 2 * z, 1, 1, 1))
    yield from _conv("conv2", "post_quant_conv", (z, z, 1, 1, 1))
    yield from _decoder(config)


def _encoder(config: VideoVaeConfig) -> Iterator[_Tensor]:
    widths = [config.base_dim * factor for factor in (1, *config.dim_mult)]
    yield from _conv("encoder.conv1", "encoder.conv_in", (widths[0], config.in_channels, 3, 3, 3))
    last = len(config.dim_mult) - 1
    for level, (taken, given) in enumerate(pairwise(widths)):
        reference, diffusers = f"encoder.downsamples.{level}.downsamples", f"encoder.down_blocks.{level}"
        for block in range(config.num_res_blocks):
            width = taken if block == 0 else given
            yield from _residual(f"{reference}.{block}", f"{diffusers}.resnets.{block}", width, given)
        if level < last:
            reference, diffusers = f"{reference}.{config.num_res_blocks}", f"{diffusers}.downsampler"
            yield from _conv(f"{reference}.resample.1", f"{diffusers}.resample.1", (given, given, 3, 3))
            if config.temperal_downsample[level]:
                yield from _conv(f"{reference}.time_conv", f"{diffusers}.time_conv", (given, given, 3, 1, 1))
    yield from _middle("encoder", widths[-1])
    yield from _head("encoder", widths[-1], 2 * config.z_dim)


def _decoder(config: VideoVaeConfig) -> Iterator[_Tensor]:
    widths = [
        config.decoder_base_dim * factor for factor in (config.dim_mult[-1], *reversed(config.dim_mult))
    ]
    yield from _conv("decoder.conv1", "decoder.conv_in", (widths[0], config.z_dim, 3, 3, 3))
    yield from _middle("decoder", widths[0])
    last = len(config.dim_mult) - 1
    for level, (taken, given) in enumerate(pairwise(widths)):
        reference, diffusers = f"decoder.upsamples.{level}.upsamples", f"decoder.up_blocks.{level}"
        blocks = config.num_res_blocks + 1
        for block in range(blocks):
            width = taken if block == 0 else given
            yield from _residual(f"{reference}.{block}", f"{diffusers}.resnets.{block}", width, given)
        if level < last:
            reference, diffusers = f"{reference}.{blocks}", f"{diffusers}.upsampler"
            yield from _conv(f"{reference}.resample.1", f"{diffusers}.resample.1", (given, given, 3, 3))
            if config.temperal_downsample[last - 1 - level]:
                yield from _conv(
                    f"{reference}.time_conv", f"{diffusers}.time_conv", (2 * given, given, 3, 1, 1)
                )
    yield from _head("decoder", widths[-1], config.out_channels)


def _middle(half: str, width: int) -> Iterator[_Tensor]:
    """A residual block, attention within each frame, a residual block."""
    yield from _residual(f"{half}.middle.0", f"{half}.mid_block.resnets.0", width, width)
    reference, diffusers = f"{half}.middle.1", f"{half}.mid_block.attentions.0"
    yield _Tensor(f"{reference}.norm.gamma", f"{diffusers}.norm.gamma", (width, 1, 1))
    yield from _conv(f"{reference}.to_qkv", f"{diffusers}.to_qkv", (3 * width, width, 1, 1))
    yield from _conv(f"{reference}.proj", f"{diffusers}.proj", (width, width, 1, 1))
    yield from _residual(f"{half}.middle.2", f"{half}.mid_block.resnets.1", width, width)


def _head(half: str, taken: int, given: int) -> Iterator[_Tensor]:
    yield _Tensor(f"{half}.head.0.gamma", f"{half}.norm_out.gamma", (taken, 1, 1, 1))
    yield from _conv(f"{half}.head.2", f"{half}.conv_out", (given, taken, 3, 3, 3))


def _residual(reference: str, diffusers: str, taken: int, given: int) -> Iterator[_Tensor]:
    yield _Tensor(f"{reference}.residual.0.gamma", f"{diffusers}.norm1.gamma", (taken, 1, 1, 1))
    yield from _conv(f"{reference}.residual.2", f"{diffusers}.conv1", (given, taken, 3, 3, 3))
    yield _Tensor(f"{reference}.residual.3.gamma", f"{diffusers}.norm2.gamma", (given, 1, 1, 1))
    yield from _conv(f"{reference}.residual.6", f"{diffusers}.conv2", (given, given, 3, 3, 3))
    if taken != given:
        yield from _conv(f"{reference}.shortcut", f"{diffusers}.conv_shortcut", (given, taken, 1, 1, 1))


def _conv(reference: str, diffusers: str, shape: Shape) -> Iterator[_Tensor]:
    yield _Tensor(f"{reference}.weight", f"{diffusers}.weight", shape)
    yield _Tensor(f"{reference}.bias", f"{diffusers}.bias", shape[:1])
