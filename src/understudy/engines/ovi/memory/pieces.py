"""A module's weights in one piece of memory, so that one copy moves all of them."""

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

import torch
from torch import Tensor, nn

ALIGNMENT = 256
"""Bytes that each tensor begins at a multiple of, as memory from PyTorch's allocator does: kernels rely on 16."""


class Piece(NamedTuple):
    """One tensor's place in the whole."""

    start: int
    dtype: torch.dtype
    shape: torch.Size

    @property
    def stop(self) -> int:
        """Where it ends, in bytes."""
        return self.start + prod(self.shape) * self.dtype.itemsize


def pieces_of(module: nn.Module) -> list[Piece]:
    """A place for every parameter, in their order."""
    pieces: list[Piece] = []
    start = 0
    for parameter in module.parameters():
        pieces.append(Piece(start, parameter.dtype, parameter.shape))
        start = -(-pieces[-1].stop // ALIGNMENT) * ALIGNMENT
    return pieces


def bytes_of(pieces: Sequence[Piece]) -> int:
    """How large the whole is."""
    return pieces[-1].stop


def views_of(buffer: Tensor, pieces: Sequence[Piece]) -> list[Tensor]:
    """The tensors that lie in a buffer [n] of uint8."""
    return [buffer[piece.start : piece.stop].view(piece.dtype).view(piece.shape) for piece in pieces]


def settle(module: nn.Module, tensors: Sequence[Tensor]) -> None:
    """Make the tensors the module's parameters, in their order; it may have been built without memory."""
    for name, tensor in zip([name for name, _ in module.named_parameters()], tensors, strict=True):
        owner, _, leaf = name.rpartition(".")
        setattr(module.get_submodule(owner), leaf, nn.Parameter(tensor, requires_grad=False))
