"""Processes that compute together, and the one collective operation that all of it is made of.

The groups are objects of their own, not torch's default group: nothing here is global to a process.
"""

from collections.abc import Sequence
from datetime import timedelta
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Final

import torch
from torch import Tensor
from torch.distributed import FileStore, PrefixStore, ProcessGroupGloo  # type: ignore[attr-defined]

from understudy.errors import EngineFailed

if TYPE_CHECKING:
    from torch._C._distributed_c10d import Backend

_MEETING: Final = timedelta(minutes=1)
"""For processes to find each other, when all of them are ready to."""
_OPERATION: Final = timedelta(minutes=30)
"""Long, for one of them may be compiling; one that dies is noticed by its connections."""


class Group:
    """This process's place in a group, and what it does with the others: all of them call the same, in the same order.

    On CUDA nothing waits on the host: the current stream does.
    """

    def __init__(self, backend: "Backend") -> None:
        self._backend = backend
        self.rank = backend.rank()
        self.size = backend.size()

    def all_to_all(self, x: Tensor, sent: Sequence[int], received: Sequence[int]) -> Tensor:
        """[n] -> [m]: the next `sent[r]` elements of x go to rank r, and `received[r]` come from it, by rank."""
        result = x.new_empty(sum(received))
        self._backend.alltoall_base(result, x, list(received), list(sent)).wait()  # type: ignore[attr-defined]
        return result

    def all_gather(self, x: Tensor, counts: Sequence[int]) -> Tensor:
        """[n, ...] of each rank -> [N, ...], by rank; `counts` has every rank's n."""
        width = prod(x.shape[1:])
        sent = x.reshape(-1).repeat(self.size)
        whole = self.all_to_all(sent, [x.numel()] * self.size, [count * width for count in counts])
        return whole.view(-1, *x.shape[1:])

    def abort(self) -> None:
        """Leave, whatever is under way; with NCCL, what waits for the group then fails at once."""
        self._backend.abort()


def connect(file: Path, ranks: Sequence[int], rank: int, device: torch.device) -> Group:
    """The group of those ranks, which all call this at about the same time; they find each other through a file.

    Raises `EngineFailed` if one of them does not come.
    """
    store = PrefixStore("-".join(map(str, ranks)), FileStore(str(file), -1))
    place = (store, ranks.index(rank), len(ranks))
    try:
        return Group(_nccl(*place) if device.type == "cuda" else _gloo(*place))
    except RuntimeError as error:
        raise EngineFailed(f"The processes of one clip did not find each other. {error}") from error


def _nccl(store: PrefixStore, rank: int, size: int) -> "Backend":
    # Builds of torch without CUDA do not have it.
    from torch.distributed.distributed_c10d import ProcessGroupNCCL

    options = ProcessGroupNCCL.Options()
    options._timeout = _OPERATION
    return ProcessGroupNCCL(store, rank, size, options)


def _gloo(store: PrefixStore, rank: int, size: int) -> "Backend":
    """On the machine's own interface: nobody outside can take part."""
    options = ProcessGroupGloo._Options()  # type: ignore[attr-defined]
    options._devices = [ProcessGroupGloo.create_device(hostname="127.0.0.1")]
    options._timeout = _MEETING
    backend = ProcessGroupGloo(store, rank, size, options)
    backend._set_default_timeout(_OPERATION)
    return backend
