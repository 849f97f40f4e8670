"""The transformer once more, as the description has it, with nothing saved: what every rewrite is compared with.

One time row for each token, all `text_len` text rows in every pass, every pass from its latents. Works on a
checkpoint's own names. float64.
"""

import math
from collections.abc import Mapping

import msgspec
import torch
import torch.nn.functional as F
from torch import Tensor

from understudy.engines.ovi.config import FusionConfig, TowerConfig

State = Mapping[str, Tensor]


def forward(
    state: State,
    config: FusionConfig,
    video: Tensor,
    audio: Tensor,
    t: float,
    video_text: Tensor,
    audio_text: Tensor,
    *,
    clean_first: bool = False,
    skip: int | None = None,
) -> tuple[Tensor, Tensor]:
    """Latents [C, F, h, w] and [L, C] -> both velocities."""
    state = {name: tensor.double() for name, tensor in state.items()}
    v, a = _half(state, "video_model."), _half(state, "audio_model.")
    frames, height, width = video.shape[1:]
    _, ph, pw = config.video.patch
    grid = (frames, height // ph, width // pw)
    weight = v["patch_embedding.weight"]
    x = F.conv3d(video.double()[None], weight, v["patch_embedding.bias"], stride=(1, ph, pw)).flatten(2).mT[0]
    y = _audio_tokens(a, audio.double())
    times = torch.full((len(x),), float(t), dtype=torch.float64)
    if clean_first:
        times[: grid[1] * grid[2]] = 0.0
    towers = {
        "video": (v, config.video, *_time(v, times, config.video), _text(v, video_text, config.video)),
        "audio": (
            a,
            config.audio,
            *_time(a, torch.full((len(y),), float(t), dtype=torch.float64), config.audio),
            _text(a, audio_text, config.audio),
        ),
    }
    turns = {"video": _video_turns(grid, config.video), "audio": _audio_turns(len(y), config.audio)}
    for number in range(config.video.blocks):
        if skip and number == skip:
            continue
        attended = {
            name: _self_attention(towers[name], number, states, turns[name])
            for name, states in (("video", x), ("audio", y))
        }
        x = _rest(
            towers["video"], number, attended["video"], attended["audio"], turns["video"], turns["audio"]
        )
        y = _rest(
            towers["audio"], number, attended["audio"], attended["video"], turns["audio"], turns["video"]
        )
    x, y = _head(towers["video"], x), _head(towers["audio"], y)
    return x.view(*grid, 1, ph, pw, -1).permute(6, 0, 3, 1, 4, 2, 5).reshape(-1, frames, height, width), y


def _half(state: State, prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in state.items() if name.startswith(prefix)}


def _audio_tokens(a: State, audio: Tensor) -> Tensor:
    x = F.silu(F.conv1d(audio.T[None], a["patch_embedding.0.weight"], a["patch_embedding.0.bias"], padding=3))
    w1, w2, w3 = (a[f"patch_embedding.2.w{i}.weight"] for i in (1, 2, 3))
    gated = F.silu(F.conv1d(x, w1, padding=3)) * F.conv1d(x, w3, padding=3)
    return F.conv1d(gated, w2, padding=3)[0].T


def _linear(state: State, name: str, x: Tensor) -> Tensor:
    return F.linear(x, state[f"{name}.weight"], state[f"{name}.bias"])


def _time(state: State, times: Tensor, config: TowerConfig) -> tuple[Tensor, Tensor]:
    half = config.freq_dim // 2
    angles = times[:, None] * 10000.0 ** (-torch.arange(half, dtype=torch.float64) / half)
    e = _linear(state, "time_embedding.0", torch.cat([angles.cos(), angles.sin()], 1))
    e = _linear(state, "time_embedding.2", F.silu(e))
    return e, _linear(state, "time_projection.1", F.silu(e)).view(len(times), 6, -1)


def _text(state: State, text: Tensor, config: TowerConfig) -> Tensor:
    padded = torch.zeros(config.text_len, config.text_dim, dtype=torch.float64)
    padded[: len(text)] = text
    hidden = F.gelu(_linear(state, "text_embedding.0", padded), approximate="tanh")
    return _linear(state, "text_embedding.2", hidden)


def _video_turns(grid: tuple[int, int, int], config: TowerConfig) -> Tensor:
    space = config.head_dim // 6
    time = config.head_dim // 2 - 2 * space
    turns = [
        [f * 10000.0 ** (-i / time) for i in range(time)]
        + [r * 10000.0 ** (-i / space) for i in range(space)]
        + [c * 10000.0 ** (-i / space) for i in range(space)]
        for f in range(grid[0])
        for r in range(grid[1])
        for c in range(grid[2])
    ]
    return torch.tensor(turns, dtype=torch.float64)


def _audio_turns(length: int, config: TowerConfig) -> Tensor:
    space = config.head_dim // 6
    time = config.head_dim // 2 - 2 * space
    turning = [[p * config.rope_scale * 10000.0 ** (-i / time) for i in range(time)] for p in range(length)]
    return F.pad(torch.tensor(turning, dtype=torch.float64), (0, 2 * space))


def _rotate(x: Tensor, turns: Tensor) -> Tensor:
    """x [N, H, hd]."""
    pairs = torch.view_as_complex(x.unflatten(-1, (-1, 2)).contiguous())
    return torch.view_as_real(pairs * torch.polar(torch.ones_like(turns), turns)[:, None]).flatten(-2)


def _rms(x: Tensor, weight: Tensor, config: TowerConfig) -> Tensor:
    normed = x / torch.sqrt(x.square().mean(-1, keepdim=True) + config.eps) * weight
    return normed.view(len(x), config.heads, -1)


def _attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """[N, H, hd], [M, H, hd] twice -> [N, D]."""
    weights = torch.softmax(torch.einsum("nhd,mhd->hnm", q, k) / math.sqrt(q.shape[-1]), -1)
    return torch.einsum("hnm,mhd->nhd", weights, v).flatten(1)


def _modulation(tower: tuple[State, TowerConfig, Tensor, Tensor, Tensor], number: int) -> tuple[Tensor, ...]:
    return (tower[3] + tower[0][f"blocks.{number}.modulation.modulation"]).unbind(1)


def _norm(x: Tensor, config: TowerConfig) -> Tensor:
    return F.layer_norm(x, x.shape[-1:], eps=config.eps)


def _self_attention(
    tower: tuple[State, TowerConfig, Tensor, Tensor, Tensor], number: int, x: Tensor, turns: Tensor
) -> Tensor:
    state, config = tower[:2]
    at = f"blocks.{number}.self_attn"
    m = _modulation(tower, number)
    h = _norm(x, config) * (1 + m[1]) + m[0]
    q = _rotate(_rms(_linear(state, f"{at}.q", h), state[f"{at}.norm_q.weight"], config), turns)
    k = _rotate(_rms(_linear(state, f"{at}.k", h), state[f"{at}.norm_k.weight"], config), turns)
    v = _linear(state, f"{at}.v", h).view(len(h), config.heads, -1)
    return x + m[2] * _linear(state, f"{at}.o", _attention(q, k, v))


def _rest(
    tower: tuple[State, TowerConfig, Tensor, Tensor, Tensor],
    number: int,
    x: Tensor,
    other: Tensor,
    turns: Tensor,
    other_turns: Tensor,
) -> Tensor:
    state, config, _, _, text = tower
    between = msgspec.structs.replace(config, eps=1e-6)  # whatever the setting, in the reference
    block, at = f"blocks.{number}", f"blocks.{number}.cross_attn"

    def affine(x: Tensor, name: str, config: TowerConfig) -> Tensor:
        return _norm(x, config) * state[f"{name}.weight"] + state[f"{name}.bias"]

    def heads(x: Tensor) -> Tensor:
        return x.view(len(x), config.heads, -1)

    h = affine(x, f"{block}.norm3", config)
    q = _rms(_linear(state, f"{at}.q", h), state[f"{at}.norm_q.weight"], config)
    k = _rms(_linear(state, f"{at}.k", text), state[f"{at}.norm_k.weight"], config)
    seen = _attention(q, k, heads(_linear(state, f"{at}.v", text)))
    z = affine(other, f"{at}.pre_attn_norm_fusion", between)
    k = _rms(_linear(state, f"{at}.k_fusion", z), state[f"{at}.norm_k_fusion.weight"], between)
    v = heads(_linear(state, f"{at}.v_fusion", z))
    seen = seen + _attention(_rotate(q, turns), _rotate(k, other_turns), v)
    x = x + _linear(state, f"{at}.o", seen)
    m = _modulation(tower, number)
    hidden = _linear(state, f"{block}.ffn.0", _norm(x, config) * (1 + m[4]) + m[3])
    return x + m[5] * _linear(state, f"{block}.ffn.2", F.gelu(hidden, approximate="tanh"))


def _head(tower: tuple[State, TowerConfig, Tensor, Tensor, Tensor], x: Tensor) -> Tensor:
    state, config, e = tower[:3]
    shift, scale = (state["head.modulation"] + e[:, None]).unbind(1)
    return _linear(state, "head.head", _norm(x, config) * (1 + scale) + shift)
