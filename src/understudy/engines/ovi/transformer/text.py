"""What the blocks read of a prompt, computed once per run: keys and values of every block, padding merged.

The model was trained with every prompt padded to `text_len` rows, and attends to all of them without a mask. All
padding rows are equal, so their keys and values are: p of them weigh as much as one whose logit is raised by ln p.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from understudy.engines.ovi.transformer.attention import Attention

BUCKET = 32
"""Real rows are filled up with padding rows to a multiple of this, so that prompts share few shapes."""


class TextKV(NamedTuple):
    """Keys and values of one prompt in one block of one tower."""

    keys: Tensor  # [M, H, hd]
    values: Tensor  # [M, H, hd]
    pad_key: Tensor  # [H, hd]
    pad_value: Tensor  # [H, hd]
    log_pads: Tensor  # [], float32: ln of how many further padding rows there are; -inf for none


def text_rows(embedding: Tensor, text_len: int) -> tuple[Tensor, int]:
    """A prompt's rows [n, text_dim] as [M + 1, text_dim], the last one padding, and how many rows that one stands for.

    Rows beyond `text_len` are cut off, as the tokenizer does.
    """
    rows = embedding[:text_len]
    kept = min(text_len, max(1, math.ceil(len(rows) / BUCKET)) * BUCKET)
    padding = rows.new_zeros(kept - len(rows) + 1, rows.shape[1])
    return torch.cat([rows, padding]), text_len - kept


def text_kv(keys: Tensor, values: Tensor, pads: int) -> TextKV:
    """From keys and values [M + 1, H, hd] of the rows of `text_rows`."""
    log_pads = math.log(pads) if pads else -math.inf
    return TextKV(
        keys=keys[:-1],
        values=values[:-1],
        pad_key=keys[-1],
        pad_value=values[-1],
        log_pads=torch.full((), log_pads, dtype=torch.float32, device=keys.device),
    )


class Blend(Protocol):
    """`blend`, or a compiled form of it."""

    def __call__(self, q: Tensor, out: Tensor, lse: Tensor, text: TextKV) -> Tensor:
        """See `blend`."""


def blend(q: Tensor, out: Tensor, lse: Tensor, text: TextKV) -> Tensor:
    """Attention `out` [1, N, H, hd] over the other rows, with its `lse` [1, N, H], and the merged row beside them.

    A softmax over both is a mix of the two, by the merged row's share of the denominator.
    """
    logit = (q.float() * text.pad_key.float()).sum(-1) * q.shape[-1] ** -0.5 + text.log_pads  # [1, N, H]
    share = torch.sigmoid(logit - lse).unsqueeze(-1)
    return torch.lerp(out.float(), text.pad_value.float(), share).to(out.dtype)


def attend_text(q: Tensor, texts: Sequence[TextKV], attention: Attention, blend: Blend = blend) -> Tensor:
    """q [B, N, H, hd] -> [B, N, H, hd]; `texts` has one prompt for each of the batch."""
    parts = []
    for row, text in zip(q.split(1), texts, strict=True):
        out, lse = attention.with_lse(row, text.keys.unsqueeze(0), text.values.unsqueeze(0))
        parts.append(blend(row, out, lse, text))
    return parts[0] if len(parts) == 1 else torch.cat(parts)
