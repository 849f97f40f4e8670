"""Pictures on the device to frames on the host."""

from collections.abc import Iterable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def to_frames(pictures: Tensor) -> Tensor:
    """Pictures [3, n, H, W] in [-1, 1] -> uint8 [n, H, W, 3] on the same device, truncated as the reference does."""
    return ((pictures.permute(1, 2, 3, 0) + 1) / 2 * 255).to(torch.uint8).contiguous()


def to_host(chunks: Iterable[Tensor]) -> Iterator[NDArray[np.uint8]]:
    """The same chunks in the host's memory, in their order.

    From a card, a chunk is handed over when the work on the next one has been queued: it is copied, and used by the
    caller, while the card goes on. So a card holds at most two chunks.
    """
    ahead: tuple[Tensor, torch.cuda.Event] | None = None
    for chunk in chunks:
        if chunk.device.type != "cuda":
            yield chunk.numpy()
            continue
        # Pinned, so that the copy does not make the host wait; on the stream of the computation, which it delays by
        # less than a hundredth of a chunk's time.
        landing = torch.empty(chunk.shape, dtype=chunk.dtype, pin_memory=True)
        landing.copy_(chunk, non_blocking=True)
        landed = torch.cuda.Event(blocking=True)  # a wait for it leaves the cores to whoever encodes
        landed.record(torch.cuda.current_stream(chunk.device))
        if ahead is not None:
            yield _landed(*ahead)
        ahead = landing, landed
    if ahead is not None:
        yield _landed(*ahead)


def _landed(landing: Tensor, landed: torch.cuda.Event) -> NDArray[np.uint8]:
    landed.synchronize()
    return landing.numpy()
