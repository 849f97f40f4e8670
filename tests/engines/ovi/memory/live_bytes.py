"""A count of what is alive while real code runs, with data or without."""

import weakref
from collections.abc import Mapping, Sequence
from typing import Any, Self

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


class LiveBytes(TorchDispatchMode):
    """Counts the bytes of the storages that were made under it and have not been dropped."""

    def __init__(self) -> None:
        super().__init__()
        self.live = self.peak = 0
        self._known: set[int] = set()
        self._norms = NormsInOneKernel()

    def __enter__(self) -> Self:
        self._norms.__enter__()
        super().__enter__()
        return self

    def __exit__(self, *failure: Any) -> None:
        super().__exit__(*failure)
        self._norms.__exit__(*failure)

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        given = {_storage(each) for each in tree_leaves((args, kwargs)) if torch.is_tensor(each)}
        result = function(*args, **(kwargs or {}))
        for each in tree_leaves(result):
            if torch.is_tensor(each) and _storage(each) not in given | self._known:
                self._count(each.untyped_storage())
        self.peak = max(self.peak, self.live)
        return result

    def _count(self, storage: torch.UntypedStorage) -> None:
        self.live += storage.nbytes()
        self._known.add(storage._cdata)
        weakref.finalize(storage, self._drop, storage._cdata, storage.nbytes())

    def _drop(self, storage: int, size: int) -> None:
        self._known.discard(storage)
        self.live -= size


class NormsInOneKernel(TorchFunctionMode):
    """RMS norm as a card computes it, in one kernel; without data it is taken apart into many."""

    def __torch_function__(
        self, function: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        if function is torch.nn.functional.rms_norm and args[0].is_meta:
            return torch.empty_like(args[0])
        return function(*args, **(kwargs or {}))


def _storage(tensor: torch.Tensor) -> int:
    return tensor.untyped_storage()._cdata
