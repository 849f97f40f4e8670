"""Memory of the machine that a card can read by itself, while the processor does something else."""

from typing import Any
from weakref import finalize

import torch
from torch import Tensor

from understudy.errors import EngineOutOfMemory


def page_locked(size: int) -> Tensor:
    """`size` bytes, [size] uint8, page-locked for CUDA.

    PyTorch's own allocator of such memory takes the next power of two, a third more than a block of the model needs.
    Raises `EngineOutOfMemory` if the system does not give that much.
    """
    cudart: Any = torch.cuda.cudart()
    buffer = _allocate(size)
    if int(cudart.cudaHostRegister(buffer.data_ptr(), size, 0)) != 0:
        raise _refused(size)
    finalize(buffer.untyped_storage(), cudart.cudaHostUnregister, buffer.data_ptr())
    return buffer


def pageable(size: int) -> Tensor:
    """`size` bytes, [size] uint8, of the ordinary kind."""
    return _allocate(size)


def _allocate(size: int) -> Tensor:
    try:
        return torch.empty(size, dtype=torch.uint8, device="cpu")
    except RuntimeError as error:  # what PyTorch raises when the machine has no more
        raise _refused(size) from error


def _refused(size: int) -> EngineOutOfMemory:
    return EngineOutOfMemory(
        f"The machine does not give {size / 1e9:.1f} GB of its memory for weights that are streamed to the card. Give it"
        ' more memory, lift its limit on locked memory (ulimit -l), or set memory = "float8" in [engine.ovi].'
    )
