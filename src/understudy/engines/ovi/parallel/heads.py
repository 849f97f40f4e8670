"""The tokens of a pass shared among processes; for attention, they change tokens for heads.

Each process holds some of the tokens with all their heads, except in attention, where it holds some of the heads of all
tokens: one all-to-all before, one after (DeepSpeed Ulysses, arXiv 2309.14509). Every number of tokens can be shared:
some processes then have one token more than others. All sizes are known on the host.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import prod

import torch
from torch import Tensor

from understudy.engines.ovi.parallel.group import Group
from understudy.engines.ovi.transformer.block import TowerBlock
from understudy.engines.ovi.transformer.exchange import Exchange
from understudy.engines.ovi.transformer.fusion import Fusion
from understudy.errors import EngineInputError, EngineUnavailable


def cut(total: int, size: int) -> list[int]:
    """`total` in `size` nearly equal parts."""
    return [total * (rank + 1) // size - total * rank // size for rank in range(size)]


class HeadExchange:
    """An `Exchange` for one run."""

    def __init__(self, group: Group, heads: int, tokens: Sequence[int]) -> None:
        """`tokens`: how many each tower has.

        Raises `EngineUnavailable` if the heads cannot be shared evenly, and `EngineInputError` if the tokens cannot be
        shared at all.
        """
        if heads % group.size:
            possible = ", ".join(str(n) for n in range(1, heads + 1) if heads % n == 0)
            raise EngineUnavailable(
                f"{group.size} devices cannot share {heads} heads evenly: use {possible} for each guidance pass."
            )
        if min(tokens) < group.size:
            raise EngineInputError(f"{min(tokens)} tokens are too few for {group.size} devices.")
        self._group = group

    def share(self, x: Tensor, axis: int) -> Tensor:
        """See `Exchange`."""
        parts: tuple[Tensor, ...] = x.split(cut(x.shape[axis], self._group.size), axis)
        return parts[self._group.rank]

    def collect(self, x: Tensor, axis: int, whole: int) -> Tensor:
        """See `Exchange`."""
        all_of_it = self._group.all_gather(x.movedim(axis, 0), cut(whole, self._group.size))
        return all_of_it.movedim(0, axis)

    def to_heads(
        self, q: Tensor, k: Tensor, v: Tensor, whole: tuple[int, int]
    ) -> tuple[Tensor, Tensor, Tensor]:
        """See `Exchange`. The three travel together."""
        size = self._group.size
        batch, _, heads, width = q.shape
        unit = batch * (heads // size) * width  # elements of one token in a process's heads
        queries, keys = (cut(total, size) for total in whole)
        cuts = [queries, keys, keys]
        sent = torch.cat([_by_heads(x, size) for x in (q, k, v)], 1)  # [P, elements]
        counts = [unit * sum(tokens) for tokens in zip(*cuts, strict=True)]
        received = self._group.all_to_all(sent.flatten(), [sent.shape[1]] * size, counts).split(counts)
        pieces = [
            from_one.split([unit * tokens[rank] for tokens in cuts]) for rank, from_one in enumerate(received)
        ]
        new_q, new_k, new_v = (
            torch.cat([piece.view(batch, -1, heads // size, width) for piece in each], 1)
            for each in zip(*pieces, strict=True)
        )
        return new_q, new_k, new_v

    def to_tokens(self, x: Tensor) -> Tensor:
        """See `Exchange`."""
        size = self._group.size
        batch, whole, heads, width = x.shape
        unit = batch * heads * width
        counts = cut(whole, size)
        tokens = counts[self._group.rank]
        sent = torch.cat([part.flatten() for part in x.split(counts, 1)])
        received = self._group.all_to_all(sent, [unit * count for count in counts], [unit * tokens] * size)
        # [P, B, n, h, hd] -> [B, n, P * h, hd]
        return received.view(size, batch, tokens, heads, width).permute(1, 2, 0, 3, 4).flatten(2, 3)


@contextmanager
def sharing(model: Fusion, exchange: Exchange) -> Iterator[None]:
    """The model with its tokens shared, and as it was afterwards."""
    before = model.exchange
    _install(model, exchange)
    try:
        yield
    finally:
        _install(model, before)


def token_counts(model: Fusion, video: torch.Size, audio: torch.Size) -> tuple[int, int]:
    """How many tokens each tower has for latents [C, F, h, w] and [L, C]."""
    config = model.config
    return prod(video[1:]) // prod(config.video.patch), audio[0] // prod(config.audio.patch)


def _install(model: Fusion, exchange: Exchange) -> None:
    model.exchange = exchange
    for module in model.modules():
        if isinstance(module, TowerBlock):
            module.exchange = exchange


def _by_heads(x: Tensor, size: int) -> Tensor:
    """[B, n, P * h, hd] -> [P, B * n * h * hd]."""
    by_heads: Tensor = x.unflatten(2, (size, -1)).permute(2, 0, 1, 3, 4)
    return by_heads.flatten(1)
