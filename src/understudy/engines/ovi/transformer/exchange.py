"""How tokens are shared among processes that work on one clip. Here: not at all."""

from typing import Protocol

from torch import Tensor


class Exchange(Protocol):
    """Each process holds some of the tokens, and during attention all tokens of some of the heads."""

    def share(self, x: Tensor, axis: int) -> Tensor:
        """This process's part of something that has all tokens along `axis`."""

    def collect(self, x: Tensor, axis: int, whole: int) -> Tensor:
        """The whole of which every process has its share, in every process; `whole` is its size along `axis`."""

    def to_heads(
        self, q: Tensor, k: Tensor, v: Tensor, whole: tuple[int, int]
    ) -> tuple[Tensor, Tensor, Tensor]:
        """[B, n, H, hd] each, this process's tokens -> [B, N, h, hd], all tokens of its heads.

        `whole`: N of the queries, and that of keys and values, which may be another tower's.
        """

    def to_tokens(self, x: Tensor) -> Tensor:
        """Back: [B, N, h, hd], all tokens -> [B, n, H, hd], this process's."""


class Whole:
    """One process: it holds everything."""

    def share(self, x: Tensor, axis: int) -> Tensor:
        """See `Exchange`."""
        return x

    def collect(self, x: Tensor, axis: int, whole: int) -> Tensor:
        """See `Exchange`."""
        return x

    def to_heads(
        self, q: Tensor, k: Tensor, v: Tensor, whole: tuple[int, int]
    ) -> tuple[Tensor, Tensor, Tensor]:
        """See `Exchange`."""
        return q, k, v

    def to_tokens(self, x: Tensor) -> Tensor:
        """See `Exchange`."""
        return x
