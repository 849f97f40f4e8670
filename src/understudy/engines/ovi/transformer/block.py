"""One block of the twin transformer: two towers that attend to themselves, to their text, and to each other.

What comes before the text is apart from what comes after it: the two guidance passes of a step start from the same
latents, so everything before the first block's text is the same for both, and is computed once.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import torch
from torch import Tensor, nn

from understudy.engines.ovi.config import FusionConfig, TowerConfig
from understudy.engines.ovi.transformer.attention import Attention, TorchAttention
from understudy.engines.ovi.transformer.exchange import Exchange, Whole
from understudy.engines.ovi.transformer.lanes import Lanes
from understudy.engines.ovi.transformer.layers import (
    FeedForward,
    HeadsNorm,
    LayerNorm,
    gated_sum,
    modulated_norm,
)
from understudy.engines.ovi.transformer.rope import Rope
from understudy.engines.ovi.transformer.text import Blend, TextKV, attend_text, blend, text_kv

OTHER_EPS: Final = 1e-6
"""Of the norms between the towers, whatever `TowerConfig.eps` is: the reference has no setting for them."""


class View(NamedTuple):
    """What one tower's tokens are, besides their state."""

    rope: Rope
    tokens: int
    """How many the tower has in all; where processes share them, only some are here, N in other shapes."""
    row: Tensor | None = None
    """[N]: which time row each token has; None if there is one row only."""

    def rows(self, vectors: Tensor) -> Sequence[Tensor]:
        """[R, K, D] -> K vectors, each [1, D] or [N, D]."""
        chosen = vectors if self.row is None else vectors[self.row]
        return chosen.unbind(1)


class TowerBlock(nn.Module):
    """One tower's half of a block: its own attention, what it reads of text and of the other tower, its feed-forward."""

    def __init__(self, config: TowerConfig) -> None:
        super().__init__()
        dim, heads, eps = config.dim, config.heads, config.eps
        self.eps = eps
        self.attention: Attention = TorchAttention()
        self.exchange: Exchange = Whole()
        self.blend: Blend = blend
        self.modulation = nn.Parameter(torch.empty(6, dim))
        self.self_qkv = nn.Linear(dim, 3 * dim)
        self.self_norm_q = HeadsNorm(dim, heads, eps)
        self.self_norm_k = HeadsNorm(dim, heads, eps)
        self.self_out = nn.Linear(dim, dim)
        self.cross_norm = LayerNorm(dim, eps)
        self.cross_q = nn.Linear(dim, dim)
        self.cross_norm_q = HeadsNorm(dim, heads, eps)
        self.other_norm = LayerNorm(dim, OTHER_EPS)
        self.other_kv = nn.Linear(dim, 2 * dim)
        self.other_norm_k = HeadsNorm(dim, heads, OTHER_EPS)
        self.text_kv = nn.Linear(dim, 2 * dim)
        self.text_norm_k = HeadsNorm(dim, heads, eps)
        self.cross_out = nn.Linear(dim, dim)
        self.ffn = FeedForward(dim, config.ffn_dim, dim)

    def attend_self(self, x: Tensor, e0: Tensor, view: View) -> Tensor:
        """x [B, N, D] -> x after self-attention; e0 [R, 6, D]."""
        seen = self._attend(*self.project(x, e0, view), view, view)
        return self.absorb(x, seen, e0, view)

    def look(self, x: Tensor, other: Tensor, view: View, other_view: View) -> tuple[Tensor, Tensor]:
        """Queries of x [B, N, D], without rotation, and what they see of the other tower's state; [B, N, H, hd] each."""
        k, v = self.offer(other, other_view)
        q, turned = self.ask(x, view)
        return q, self._attend(turned, k, v, view, other_view)

    def project(self, x: Tensor, e0: Tensor, view: View) -> tuple[Tensor, Tensor, Tensor]:
        """x [B, N, D] -> queries, keys and values of self-attention, [B, N, H, hd]; e0 [R, 6, D]."""
        normed = self._modulated(x, e0[:, :2] + self.modulation[:2].float(), view)
        q, k, v = self.self_qkv(normed).chunk(3, -1)
        q = view.rope.rotate(self.self_norm_q(q))
        k = view.rope.rotate(self.self_norm_k(k))
        return q, k, v.unflatten(-1, q.shape[-2:])

    def absorb(self, x: Tensor, seen: Tensor, e0: Tensor, view: View) -> Tensor:
        """Add what x [B, N, D] saw of itself, [B, N, H, hd]."""
        [gate] = view.rows(e0[:, 2:3] + self.modulation[2:3].float())
        return gated_sum(x, self.self_out(seen.flatten(-2)), gate)

    def ask(self, x: Tensor, view: View) -> tuple[Tensor, Tensor]:
        """Queries of x [B, N, D] for the text, and the same rotated for the other tower; [B, N, H, hd] each."""
        q = self.cross_norm_q(self.cross_q(self.cross_norm(x)))
        return q, view.rope.rotate(q)

    def offer(self, other: Tensor, view: View) -> tuple[Tensor, Tensor]:
        """Keys and values [B, M, H, hd] of the other tower's state [B, M, D], for this one to look at."""
        k, v = self.other_kv(self.other_norm(other)).chunk(2, -1)
        k = view.rope.rotate(self.other_norm_k(k))
        return k, v.unflatten(-1, k.shape[-2:])

    def read(self, q: Tensor, texts: Sequence[TextKV]) -> Tensor:
        """What queries [B, N, H, hd] find in the texts, one for each of the batch; [B, N, H, hd]."""
        return attend_text(q, texts, self.attention, self.blend)

    def finish(self, x: Tensor, read: Tensor, seen: Tensor, e0: Tensor, view: View) -> Tensor:
        """Add what was read of the text and seen of the other tower, then the feed-forward. [B, N, D] -> [B, N, D]."""
        x = x + self.cross_out((read + seen).flatten(-2))
        y = self.ffn(self._modulated(x, e0[:, 3:5] + self.modulation[3:5].float(), view))
        [gate] = view.rows(e0[:, 5:] + self.modulation[5:].float())
        return gated_sum(x, y, gate)

    def remember(self, rows: Tensor, pads: int) -> TextKV:
        """Keys and values of a prompt's rows [M + 1, D], the last one standing for `pads` rows of padding."""
        k, v = self.text_kv(rows).chunk(2, -1)
        k = self.text_norm_k(k)
        # A copy: a view would keep the raw keys as well, for the whole run.
        return text_kv(k, v.contiguous().unflatten(-1, k.shape[-2:]), pads)

    def _modulated(self, x: Tensor, vectors: Tensor, view: View) -> Tensor:
        """The norm of x with shift and scale out of vectors [R, 2, D]; for each token they are as large as x, or twice."""
        shift, scale = view.rows(vectors)
        return modulated_norm(x, shift, scale, self.eps)

    def _attend(self, q: Tensor, k: Tensor, v: Tensor, view: View, other: View) -> Tensor:
        """Attention of this view's tokens to all of the other's, where each process may hold a part of them."""
        seen = self.attention(*self.exchange.to_heads(q, k, v, (view.tokens, other.tokens)))
        return self.exchange.to_tokens(seen)


class Crossing(NamedTuple):
    """A block's state just before its text: both towers' tokens, their queries, and what they saw of each other."""

    video: Tensor  # [B, N, D]
    audio: Tensor  # [B, L, D]
    video_q: Tensor  # [B, N, H, hd]
    audio_q: Tensor
    video_seen: Tensor
    audio_seen: Tensor

    def repeat(self, times: int) -> "Crossing":
        """The same for `times` passes; nothing is copied."""
        return Crossing(*(each.expand(times, *each.shape[1:]) for each in self))


class TwinBlock(nn.Module):
    """Both towers' halves. Each reads the other's state after self-attention, never the already updated one."""

    def __init__(self, config: FusionConfig) -> None:
        super().__init__()
        self.video = TowerBlock(config.video)
        self.audio = TowerBlock(config.audio)
        self.lanes = Lanes()

    def before_text(
        self, video: Tensor, audio: Tensor, e0: tuple[Tensor, Tensor], views: tuple[View, View]
    ) -> Crossing:
        """States [B, N, D] and [B, L, D] to the point where the texts come in."""
        v, a = self.lanes.both(
            lambda: self.video.attend_self(video, e0[0], views[0]),
            lambda: self.audio.attend_self(audio, e0[1], views[1]),
        )
        (vq, v_seen), (aq, a_seen) = self.lanes.both(
            lambda: self.video.look(v, a, *views), lambda: self.audio.look(a, v, *reversed(views))
        )
        return Crossing(v, a, vq, aq, v_seen, a_seen)

    def after_text(
        self,
        at: Crossing,
        texts: Sequence[tuple[TextKV, TextKV]],
        e0: tuple[Tensor, Tensor],
        views: tuple[View, View],
    ) -> tuple[Tensor, Tensor]:
        """From there to the block's end; `texts` has a pair (video's, audio's) for each of the batch."""
        video_texts, audio_texts = zip(*texts, strict=True)
        return self.lanes.both(
            lambda: self.video.finish(
                at.video, self.video.read(at.video_q, video_texts), at.video_seen, e0[0], views[0]
            ),
            lambda: self.audio.finish(
                at.audio, self.audio.read(at.audio_q, audio_texts), at.audio_seen, e0[1], views[1]
            ),
        )
