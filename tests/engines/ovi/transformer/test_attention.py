import pytest
import torch
from torch._subclasses import FakeTensorMode

from tests.engines.ovi.distance import rel
from understudy.engines.ovi.transformer.attention import (
    CudnnAttention,
    TorchAttention,
    best_attention,
)


def qkv(batch: int = 2, n: int = 7, m: int = 5, heads: int = 3, width: int = 16) -> tuple[torch.Tensor, ...]:
    generator = torch.Generator().manual_seed(0)
    sizes = ((batch, n, heads, width), (batch, m, heads, width), (batch, m, heads, width))
    return tuple(torch.randn(size, generator=generator) for size in sizes)


def test_it_is_softmax_attention_and_tells_its_denominator() -> None:
    q, k, v = qkv()
    logits = torch.einsum("bnhd,bmhd->bhnm", q.double(), k.double()) / 4
    wanted = torch.einsum("bhnm,bmhd->bnhd", torch.softmax(logits, -1), v.double())
    out, lse = TorchAttention().with_lse(q, k, v)
    assert rel(TorchAttention()(q, k, v), wanted) < 1e-6
    assert rel(out, wanted) < 1e-6
    assert rel(lse, torch.logsumexp(logits, -1).transpose(1, 2)) < 1e-6


@pytest.mark.parametrize("kernel", [TorchAttention(), CudnnAttention()], ids=type)
def test_every_kernel_has_the_same_shapes_on_a_card(kernel) -> None:
    """Shapes only: fake tensors need no card."""
    with FakeTensorMode():
        q, k, v = (
            torch.empty(2, length, 24, 128, dtype=torch.bfloat16, device="cuda") for length in (100, 33, 33)
        )
        out, lse = kernel.with_lse(q, k, v)
        assert kernel(q, k, v).shape == out.shape == q.shape
        assert lse.shape == (2, 100, 24)
        assert (out.dtype, lse.dtype) == (torch.bfloat16, torch.float32)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_without_a_card_pytorch_decides(dtype: torch.dtype) -> None:
    assert isinstance(best_attention(torch.device("cpu"), dtype), TorchAttention)
