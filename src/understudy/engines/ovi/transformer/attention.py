"""Attention kernels behind one interface: `softmax(q k^T / sqrt(hd)) v`, no mask, no dropout.

Tensors are [B, N, H, hd]: as the linear layers leave them. Kernels are asked for by name and never through global
switches, so that two pipelines in one process cannot disturb each other.
"""

from importlib.util import find_spec
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor


class Attention(Protocol):
    """One kernel."""

    def __call__(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """q [B, N, H, hd], k and v [B, M, H, hd] -> [B, N, H, hd]."""

    def with_lse(self, q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """The same, and the log of the softmax's denominator, [B, N, H] in float32."""


class TorchAttention:
    """What PyTorch chooses for the device; on a CPU and on the meta device, too."""

    def __call__(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """See `Attention`."""
        query, key, value = _heads_first(q, k, v)
        return F.scaled_dot_product_attention(query, key, value).transpose(1, 2)

    def with_lse(self, q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """See `Attention`."""
        heads = _heads_first(q, k, v)
        if q.device.type == "cpu":
            out, lse = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(*heads)
        elif q.dtype == torch.float32 and q.device.type == "cuda":  # the flash kernels have no float32
            out, lse, *_ = torch.ops.aten._scaled_dot_product_efficient_attention(*heads, None, True)
            lse = lse[..., : q.shape[1]]  # that kernel pads it
        else:
            out, lse, *_ = torch.ops.aten._scaled_dot_product_flash_attention(*heads)
        return out.transpose(1, 2), lse.transpose(1, 2)


class CudnnAttention(TorchAttention):
    """cuDNN's fused kernel: the fastest on Hopper of those that PyTorch brings. bfloat16 or float16, on CUDA.

    `with_lse` stays with PyTorch's: it is for texts, where little is to be gained, and cuDNN would make a plan for each
    length.
    """

    def __call__(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """See `Attention`."""
        out, *_ = torch.ops.aten._scaled_dot_product_cudnn_attention(*_heads_first(q, k, v), None, False)
        return _tensor(out).transpose(1, 2)


class FlashAttention3:
    """FlashAttention-3 for Hopper, if the package `flash_attn_interface` is installed."""

    def __call__(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """See `Attention`."""
        return self._both(q, k, v)[0]

    def with_lse(self, q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """See `Attention`."""
        out, lse = self._both(q, k, v)
        return out, lse.transpose(1, 2)

    def _both(self, q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """[B, N, H, hd] and the log of the denominator, [B, H, N]."""
        from flash_attn_interface import flash_attn_func

        out, lse, *_ = flash_attn_func(q, k, v, return_attn_probs=True)
        return _tensor(out), _tensor(lse)


def best_attention(device: torch.device, dtype: torch.dtype) -> Attention:
    """The fastest kernel that is installed for a device and dtype."""
    if device.type != "cuda" or dtype not in (torch.bfloat16, torch.float16):
        return TorchAttention()
    if torch.cuda.get_device_capability(device)[0] != 9:  # both kernels below are made for Hopper
        return TorchAttention()
    if find_spec("flash_attn_interface") is not None:
        return FlashAttention3()
    return CudnnAttention()


def _heads_first(*tensors: Tensor) -> list[Tensor]:
    return [each.transpose(1, 2) for each in tensors]


def _tensor(value: object) -> Tensor:
    assert isinstance(value, Tensor)
    return value
