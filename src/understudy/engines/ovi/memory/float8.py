"""Matrices in 8 bits: half the memory, and on newer cards twice the speed. Row by row, each with a scale of its own.

The same stored form serves both uses: widened where it is multiplied, or multiplied as it is with inputs that are
rounded the same way. The second is what torchao calls dynamic float8 with row-wise scales, by the same kernel.
"""

from collections.abc import Iterable, Iterator
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from understudy.engines.ovi.transformer.fusion import Fusion
from understudy.engines.ovi.transformer.loading import fusion_places

FLOAT8 = torch.float8_e4m3fn
LARGEST = torch.finfo(FLOAT8).max


class Product(Protocol):
    """How a layer multiplies."""

    def __call__(self, x: Tensor, weight: Tensor, scale: Tensor, bias: Tensor) -> Tensor:
        """x [..., in], weight [out, in] float8, scale [out, 1] float32, bias [out] -> [..., out] in x's dtype."""


def widened(x: Tensor, weight: Tensor, scale: Tensor, bias: Tensor) -> Tensor:
    """The weights are rounded, the arithmetic is not. On any device."""
    return F.linear(x, weight.to(x.dtype).mul_(scale.to(x.dtype)), bias)


def scaled(x: Tensor, weight: Tensor, scale: Tensor, bias: Tensor) -> Tensor:
    """Inputs are rounded as well, token by token. On cards that multiply 8-bit numbers, and on the CPU; bfloat16."""
    rows, scales = rounded(x.flatten(0, -2))
    y: Tensor = torch._scaled_mm(
        rows, weight.t(), scales, scale.t(), bias=bias, out_dtype=x.dtype, use_fast_accum=x.is_cuda
    )
    return y.view(*x.shape[:-1], -1)


def rounded(x: Tensor) -> tuple[Tensor, Tensor]:
    """Rows of x [N, K] as float8 [N, K], each over its scale [N, 1], float32: its largest value over float8's."""
    # Not the maximum of `x.abs()`, which would be a copy of x.
    largest = torch.linalg.vector_norm(x, float("inf"), -1, keepdim=True).float().clamp(min=1e-12)
    factor = (LARGEST / largest).to(x.dtype)
    # The inverse of the very factor that was used: the rounding of a scale would shift its whole row.
    return (x * factor).to(FLOAT8), factor.float().reciprocal()


class Float8Linear(nn.Module):
    """A linear layer whose matrix is stored in 8 bits."""

    def __init__(self, into: int, out: int, *, dtype: torch.dtype, device: torch.device | str) -> None:
        super().__init__()
        self.product: Product = widened
        self.weight = _parameter(torch.empty(out, into, dtype=FLOAT8, device=device))
        self.scale = _parameter(torch.empty(out, 1, dtype=torch.float32, device=device))
        self.bias = _parameter(torch.empty(out, dtype=dtype, device=device))

    def forward(self, x: Tensor) -> Tensor:
        """[..., in] -> [..., out]."""
        return self.product(x, self.weight, self.scale, self.bias)


def store_in_float8(model: Fusion) -> None:
    """Put 8-bit layers in the place of the blocks' linear layers, their weights not yet set: see `in_float8`."""
    for module in [*model.blocks.modules()]:
        for name, layer in module.named_children():
            if isinstance(layer, nn.Linear):
                weight = layer.weight
                small = Float8Linear(
                    layer.in_features, layer.out_features, dtype=weight.dtype, device=weight.device
                )
                setattr(module, name, small)


def compute_in_float8(model: Fusion) -> None:
    """Let the layers that are stored in 8 bits multiply in 8 bits."""
    for layer in _layers(model).values():
        layer.product = scaled


def multiplies_float8(device: torch.device) -> bool:
    """Whether a device has units for it: Ada, Hopper and later cards, or the CPU, which is slow at it."""
    return device.type == "cpu" or torch.cuda.get_device_capability(device) >= (8, 9)


def in_float8(model: Fusion, tensors: Iterable[tuple[str, Tensor]]) -> Iterator[tuple[str, Tensor]]:
    """A checkpoint's tensors for `load_fusion` into such a model: matrices rounded one by one, wherever they lie.

    Matrices that are stored in float8 already, as in `model_fp8_e4m3fn.safetensors`, are taken as they are.
    """
    layers, places = _layers(model), fusion_places(model.config)
    for name, tensor in tensors:
        place = places.get(name)
        layer = layers.get(place.parameter) if place else None
        if place is None or layer is None or tensor.dim() != 2:
            yield name, tensor
            continue
        if tensor.dtype == FLOAT8:
            weight, scale = tensor, torch.ones(len(tensor), 1)
        else:
            weight, scale = rounded(tensor.float())
        yield name, weight  # where its shape is checked
        layer.scale.chunk(place.parts)[place.part].copy_(scale)


def _layers(model: Fusion) -> dict[str, Float8Linear]:
    """The 8-bit layers by the names of their matrices."""
    return {
        f"{name}.weight": layer for name, layer in model.named_modules() if isinstance(layer, Float8Linear)
    }


def _parameter(tensor: Tensor) -> nn.Parameter:
    return nn.Parameter(tensor, requires_grad=False)
