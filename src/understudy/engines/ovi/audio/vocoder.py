"""BigVGAN, version 1: from a mel spectrogram to a waveform.

Source: Lee et al., "BigVGAN: A Universal Neural Vocoder with Large-Scale Training" (2023).
"""

from collections.abc import Mapping
from functools import reduce
from operator import add

import torch
from torch import Tensor, nn

from understudy.engines.ovi.audio.alias_free import AliasFreeSnake, folded_snake
from understudy.engines.ovi.audio.tensors import vocoder_tensors, weight_norm_spelling
from understudy.engines.ovi.config import VocoderConfig
from understudy.engines.ovi.tensor_table import must_match


class ResidualUnit(nn.Module):
    """Pairs of convolutions, the first of each pair dilated, each behind an activation, each pair added to x."""

    def __init__(self, width: int, kernel: int, dilations: tuple[int, ...]) -> None:
        super().__init__()
        self.convs1 = nn.ModuleList(
            nn.Conv1d(width, width, kernel, dilation=dilation, padding=dilation * (kernel - 1) // 2)
            for dilation in dilations
        )
        self.convs2 = nn.ModuleList(
            nn.Conv1d(width, width, kernel, padding=(kernel - 1) // 2) for _ in dilations
        )
        self.activations = nn.ModuleList(AliasFreeSnake(width) for _ in range(2 * len(dilations)))

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, T] to the same shape."""
        pairs = zip(self.activations[::2], self.convs1, self.activations[1::2], self.convs2, strict=True)
        for first, dilated, second, plain in pairs:
            x = x + plain(second(dilated(first(x))))
        return x


class Vocoder(nn.Module):
    """Upsampling stages, each followed by the mean of residual units with different kernels."""

    def __init__(self, config: VocoderConfig) -> None:
        super().__init__()
        width = config.upsample_initial_channel
        self.conv_pre = nn.Conv1d(config.num_mels, width, 7, padding=3)
        self.ups = nn.ModuleList()
        self.resblocks = nn.ModuleList()
        self.units = len(config.resblock_kernel_sizes)
        for rate, kernel in zip(config.upsample_rates, config.upsample_kernel_sizes, strict=True):
            up = nn.ConvTranspose1d(width, width // 2, kernel, rate, padding=(kernel - rate) // 2)
            self.ups.append(nn.Sequential(up))
            width //= 2
            self.resblocks.extend(
                ResidualUnit(width, size, dilations)
                for size, dilations in zip(
                    config.resblock_kernel_sizes, config.resblock_dilation_sizes, strict=True
                )
            )
        self.activation_post = AliasFreeSnake(width)
        self.conv_post = nn.Conv1d(width, 1, 7, padding=3)

    def forward(self, mel: Tensor) -> Tensor:
        """Mel [B, 80, T], log10 of magnitudes, to a waveform [B, 1, 256 T] in [-1, 1]."""
        x: Tensor = self.conv_pre(mel.to(self.conv_pre.weight.dtype))
        for stage, up in enumerate(self.ups):
            x = up(x)
            units = self.resblocks[stage * self.units : (stage + 1) * self.units]
            x = reduce(add, [unit(x) for unit in units]) / self.units
        x = self.conv_post(self.activation_post(x))
        return x.tanh()


def load_vocoder(
    state: Mapping[str, Tensor],
    config: VocoderConfig,
    *,
    device: torch.device | str,
    dtype: torch.dtype,
) -> Vocoder:
    """The vocoder from its stored tensors, weight norm in either of torch's spellings.

    Raises `EngineUnavailable` if the tensors are not those of `config`.
    """
    stored = {weight_norm_spelling(name): tensor for name, tensor in state.items()}
    shapes = {name: tuple(tensor.shape) for name, tensor in stored.items()}
    must_match("vocoder", shapes, vocoder_tensors(config))
    with torch.device("meta"):
        vocoder = Vocoder(config)
    wide = {name: tensor.detach().to(device, torch.float32) for name, tensor in stored.items()}
    plain = {name: tensor.to(dtype) for name, tensor in _folded(wide).items()}
    vocoder.load_state_dict(plain, assign=True)
    return vocoder.eval().requires_grad_(False)


def _folded(stored: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Plain weights and ready activations, from weight norm and logarithms."""
    plain: dict[str, Tensor] = {}
    for name, tensor in stored.items():
        layer, _, kind = name.rpartition(".")
        if kind == "bias":
            plain[name] = tensor
        elif kind == "weight_v":
            norm = tensor.square().sum(dim=(1, 2), keepdim=True).sqrt()
            plain[f"{layer}.weight"] = stored[f"{layer}.weight_g"] * (tensor / norm)
        elif kind == "alpha":
            layer = layer.removesuffix(".act")
            ready = folded_snake(
                tensor,
                stored[f"{layer}.act.beta"],
                up=stored[f"{layer}.upsample.filter"],
                down=stored[f"{layer}.downsample.lowpass.filter"],
            )
            plain |= {f"{layer}.{part}": value for part, value in ready.items()}
    return plain
