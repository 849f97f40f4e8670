"""Processes that compute together, and the one collective operation that all of it is made of.

The groups are objects of their own, not torch's default group: nothing here is global to a process.
"""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

import torch
from torch import Tensor
from torch.distributed import FileStore, PrefixStore, ProcessGroupGloo
from torch.distributed.distributed_c10d import Backend as Collectives

_PATIENCE: Final = timedelta(minutes=30)
"""For one operation. Long, for a process may be compiling; one that dies is noticed by its connections at once."""


class Group:
    """This process's place in a group, and what it does with the others: all of them call the same, in the same order.

    On CUDA nothing waits on the host: the current stream does.
    """

    def __init__(self, collectives: Collectives) -> None:
        self._collectives = collectives
        self.rank = collectives.rank()
        self.size = collectives.size()

    def all_to_all(self, x: Tensor, sent: Sequence[int], received: Sequence[int]) -> Tensor:
        """[n] -> [m]: the next `sent[r]` elements of x go to rank r, and `received[r]` come from it, by rank."""
        result = x.new_empty(sum(received))
        self._collectives.alltoall_base(result, x, list(received), list(sent)).wait()
        return result

    def all_gather(self, x: Tensor, counts: Sequence[int]) -> Tensor:
        """[n, ...] of each rank -> [N, ...], by rank; `counts` has every rank's n."""
        row = x[:1].numel() if len(x) else 0
        width = row or int(torch.Size(x.shape[1:]).numel())
        sent = x.reshape(-1).repeat(self.size)
        whole = self.all_to_all(sent, [x.numel()] * self.size, [count * width for count in counts])
        return whole.view(-1, *x.shape[1:])

    def abort(self) -> None:
        """Leave, whatever is under way; where that is supported, what waits for the group fails at once."""
        self._collectives.abort()


def connect(folder: Path, ranks: Sequence[int], rank: int, device: torch.device) -> Group:
    """The group of those ranks, which all call this at about the same time; they meet in a folder of one machine."""
    name = "-".join(map(str, ranks))
    store = PrefixStore(name, FileStore(str(folder / "meeting"), -1))
    place = (store, ranks.index(rank), len(ranks))
    if device.type == "cuda":
        # Not in every build of torch.
        from torch.distributed.distributed_c10d import ProcessGroupNCCL

        options = ProcessGroupNCCL.Options()
        options._timeout = _PATIENCE
        return Group(ProcessGroupNCCL(*place, options))
    return Group(_gloo(*place))


def _gloo(store: PrefixStore, rank: int, size: int) -> ProcessGroupGloo:
    """On this machine's own interface: nobody outside can take part."""
    options = ProcessGroupGloo._Options()  # type: ignore[attr-defined]
    options._devices = [ProcessGroupGloo.create_device(hostname="127.0.0.1")]
    options._timeout = _PATIENCE
    return ProcessGroupGloo(store, rank, size, options)
