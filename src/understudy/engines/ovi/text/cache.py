"""Embeddings of texts that were met before, within bounds of count and memory."""

from collections import OrderedDict
from collections.abc import Collection
from typing import Final

import msgspec
import torch
from torch import Tensor


class Bounds(msgspec.Struct, frozen=True):
    """The most that a shelf holds."""

    count: int
    nbytes: int


# The longest text of the real model, 512 positions of 4096 bfloat16, takes 4 MiB; a usual one takes a quarter.
PASSING: Final = Bounds(count=256, nbytes=128 * 2**20)
LASTING: Final = Bounds(count=64, nbytes=64 * 2**20)


class EmbeddingCache:
    """Embeddings [n, d_model] by cleaned text, on three shelves.

    Texts named as `forever` never leave: the manifests' own, which the operator wrote. Lasting ones, negative
    prompts that callers wrote, push out only each other, and so do all the rest; what was used longest ago goes
    first. The tensors are handed out as they are: not to be written to.
    """

    def __init__(
        self,
        *,
        device: torch.device,
        forever: Collection[str] = (),
        passing: Bounds = PASSING,
        lasting: Bounds = LASTING,
    ) -> None:
        """`device`: where the embeddings are kept. `forever`: cleaned texts, put here when they are first met."""
        self.hits = 0
        self.misses = 0
        self._device = device
        self._named = frozenset(forever)
        self._forever: dict[str, Tensor] = {}
        self._lasting = _Shelf(lasting)
        self._passing = _Shelf(passing)

    def get(self, text: str) -> Tensor | None:
        """The embedding of `text`, or None; counted as a hit or as a miss."""
        for shelf in (self._forever, self._lasting, self._passing):
            found = shelf.get(text)
            if found is not None:
                self.hits += 1
                return found
        self.misses += 1
        return None

    def put(self, text: str, embedding: Tensor, *, lasting: bool = False) -> None:
        """Keep the embedding of `text`, as the one used last. One that is larger than its shelf is not kept.

        A text that was lasting once remains so, and one that becomes so moves.
        """
        kept = embedding.to(self._device)
        if text in self._named:
            self._forever[text] = kept
        elif lasting or text in self._lasting:
            self._passing.drop(text)
            self._lasting.put(text, kept)
        else:
            self._passing.put(text, kept)

    def __contains__(self, text: str) -> bool:
        """Whether `get` would find it; counts as nothing."""
        return text in self._forever or text in self._lasting or text in self._passing

    @property
    def nbytes(self) -> int:
        """Memory that all embeddings take."""
        forever = sum(embedding.nbytes for embedding in self._forever.values())
        return forever + self._lasting.nbytes + self._passing.nbytes


class _Shelf:
    """Embeddings in the order of their last use."""

    def __init__(self, bounds: Bounds) -> None:
        self.nbytes = 0
        self._bounds = bounds
        self._rows: OrderedDict[str, Tensor] = OrderedDict()

    def get(self, text: str) -> Tensor | None:
        found = self._rows.get(text)
        if found is not None:
            self._rows.move_to_end(text)
        return found

    def put(self, text: str, embedding: Tensor) -> None:
        self.drop(text)
        # Or it would push out all others, and itself at last.
        if embedding.nbytes > self._bounds.nbytes:
            return
        self._rows[text] = embedding
        self.nbytes += embedding.nbytes
        while len(self._rows) > self._bounds.count or self.nbytes > self._bounds.nbytes:
            self.drop(next(iter(self._rows)))

    def drop(self, text: str) -> None:
        dropped = self._rows.pop(text, None)
        if dropped is not None:
            self.nbytes -= dropped.nbytes

    def __contains__(self, text: str) -> bool:
        return text in self._rows
