"""What is asked of a device while real code runs."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

_ASKING = ("_local_scalar_dense", "item", "nonzero", "is_nonzero", "equal", "unique", "masked_select")


class Watch(TorchDispatchMode):
    """Notes every operator, and every dtype that goes into one or comes out of it on the device."""

    def __init__(self, device: str) -> None:
        super().__init__()
        self.device = device
        self.operators: list[str] = []
        self.dtypes: set[torch.dtype] = set()

    @property
    def waits(self) -> set[str]:
        """The operators that hand a value of a tensor to the host."""
        return {name for name in self.operators if name.split(".")[1] in _ASKING}

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        result = function(*args, **(kwargs or {}))
        self.operators.append(str(function))
        made = result if isinstance(result, (tuple, list)) else [result]
        self.dtypes |= {
            each.dtype
            for each in (*args, *made)
            if isinstance(each, torch.Tensor) and each.device.type == self.device
        }
        return result
