"""The autoencoder and the vocoder as their papers put them: on the stored tensors, slow, nothing folded."""

import math
from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from understudy.engines.ovi.config import AudioVaeConfig, VocoderConfig

State = Mapping[str, Tensor]


def decoded(state: State, config: AudioVaeConfig, latent: Tensor) -> Tensor:
    """Normalised mel [B, M, T] of latents [B, E, L]."""
    most = config.activation_clamp
    x = _middle(state, "decoder.mid", _conv(state, "decoder.conv_in", latent)).clamp(-most, most)
    for level in reversed(range(len(config.ch_mult))):
        for block in range(config.num_res_blocks + 1):
            x = _residual(state, f"decoder.up.{level}.block.{block}", x).clamp(-most, most)
        if level - 1 in config.down_sampled_levels:
            x = _conv(state, f"decoder.up.{level}.upsample.conv", x.repeat_interleave(2, dim=2))
    return _conv(state, "decoder.conv_out", _act(x)) * (1 + state["decoder.learnable_gain"])


def encoded(state: State, config: AudioVaeConfig, mel: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and log-variance [B, E, L] of mel [B, M, T]."""
    most = config.activation_clamp
    x = _conv(state, "encoder.conv_in", (mel - state["data_mean"]) / state["data_std"])
    for level in range(len(config.ch_mult)):
        for block in range(config.num_res_blocks):
            x = _residual(state, f"encoder.down.{level}.block.{block}", x).clamp(-most, most)
        if level in config.down_sampled_levels:
            x = _conv(state, f"encoder.down.{level}.downsample.conv1", x)
            x = (x[..., 0::2] + x[..., 1::2]) / 2
            x = _conv(state, f"encoder.down.{level}.downsample.conv2", x)
    x = _act(_middle(state, "encoder.mid", x).clamp(-most, most))
    x = _conv(state, "encoder.conv_out", x) * (1 + state["encoder.learnable_gain"])
    return x[:, : config.embed_dim], x[:, config.embed_dim :].clamp(-30, 20)


def vocoded(state: State, config: VocoderConfig, mel: Tensor) -> Tensor:
    """Waveform [B, 1, N] of mel [B, M, T]."""
    x = F.conv1d(mel, weight_normed(state, "conv_pre"), state["conv_pre.bias"], padding=3)
    for stage, (rate, kernel) in enumerate(
        zip(config.upsample_rates, config.upsample_kernel_sizes, strict=True)
    ):
        weight, bias = weight_normed(state, f"ups.{stage}.0"), state[f"ups.{stage}.0.bias"]
        x = F.conv_transpose1d(x, weight, bias, stride=rate, padding=(kernel - rate) // 2)
        units = len(config.resblock_kernel_sizes)
        outputs = [
            _unit(state, f"resblocks.{stage * units + index}", x, dilations)
            for index, dilations in enumerate(config.resblock_dilation_sizes)
        ]
        x = torch.stack(outputs).mean(dim=0)
    x = snake(state, "activation_post", x)
    return F.conv1d(x, weight_normed(state, "conv_post"), state["conv_post.bias"], padding=3).tanh()


def snake(state: State, name: str, x: Tensor) -> Tensor:
    """The anti-aliased activation: pad, stuff with zeros, filter, crop; bend; pad, filter, drop every other."""
    width = x.shape[1]
    up = state[f"{name}.upsample.filter"].expand(width, 1, -1)
    down = state[f"{name}.downsample.lowpass.filter"].expand(width, 1, -1)
    x = F.pad(x, (5, 5), mode="replicate")
    x = 2 * F.conv_transpose1d(x, up, stride=2, groups=width)[..., 15:-15]
    alpha, beta = (state[f"{name}.act.{part}"][:, None].exp() for part in ("alpha", "beta"))
    x = x + torch.sin(alpha * x) ** 2 / (beta + 1e-9)
    return F.conv1d(F.pad(x, (5, 6), mode="replicate"), down, stride=2, groups=width)


def weight_normed(state: State, name: str) -> Tensor:
    """g v / |v|, the norm over everything but the first axis."""
    gain, direction = state[f"{name}.weight_g"], state[f"{name}.weight_v"]
    rows = [g * v / v.norm() for g, v in zip(gain, direction, strict=True)]
    return torch.stack(rows)


def _unit(state: State, name: str, x: Tensor, dilations: tuple[int, ...]) -> Tensor:
    for index, dilation in enumerate(dilations):
        h = x
        for part, spread in ((0, dilation), (1, 1)):
            h = snake(state, f"{name}.activations.{2 * index + part}", h)
            layer = f"{name}.convs{part + 1}.{index}"
            h = F.conv1d(
                h, weight_normed(state, layer), state[f"{layer}.bias"], dilation=spread, padding="same"
            )
        x = x + h
    return x


def _conv(state: State, name: str, x: Tensor) -> Tensor:
    weight = state[f"{name}.weight"]
    fan = weight[0].numel() ** 0.5
    rows = [row / (1e-4 + row.norm() / fan) / fan for row in weight]
    return F.conv1d(x, torch.stack(rows), padding="same")


def _act(x: Tensor) -> Tensor:
    return x * torch.sigmoid(x) / 0.596


def _norm(x: Tensor) -> Tensor:
    return x / (1e-4 + x.square().mean(dim=1, keepdim=True).sqrt())


def _mix(x: Tensor, h: Tensor) -> Tensor:
    return (0.7 * x + 0.3 * h) / math.sqrt(0.58)


def _residual(state: State, name: str, x: Tensor) -> Tensor:
    x = _norm(x)
    h = _conv(state, f"{name}.conv2", _act(_conv(state, f"{name}.conv1", _act(x))))
    skip = _conv(state, f"{name}.nin_shortcut", x) if f"{name}.nin_shortcut.weight" in state else x
    return _mix(skip, h)


def _middle(state: State, name: str, x: Tensor) -> Tensor:
    x = _residual(state, f"{name}.block_1", x)
    qkv = _conv(state, f"{name}.attn_1.qkv", x)
    q, k, v = (_norm(qkv[:, part::3]) for part in range(3))
    weights = torch.einsum("bcq,bck->bqk", q, k).div(x.shape[1] ** 0.5).softmax(dim=-1)
    h = _conv(state, f"{name}.attn_1.proj_out", torch.einsum("bqk,bck->bcq", weights, v))
    return _residual(state, f"{name}.block_2", _mix(x, h))
