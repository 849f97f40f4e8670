import math

import pytest
import torch

from understudy.engines.ovi.verify.case import Unreadable
from understudy.engines.ovi.verify.formula import parse

X = torch.tensor([[-1.5, 0.0], [0.25, 2.0]])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("v(x, t) = 0.35*x + 0.8*sin(3*t/1000)*cos(x)", 0.35 * X + 0.8 * math.sin(0.75) * torch.cos(X)),
        ("v = -x**2 / (1 + exp(-t / 100))", -(X**2) / (1 + math.exp(-2.5))),
        ("2**3**0.5", torch.full_like(X, 2 ** (3**0.5))),
        ("tanh(x) - pi * t", torch.tanh(X) - math.pi * 250),
    ],
)
def test_what_is_written_is_computed(text: str, expected: torch.Tensor) -> None:
    torch.testing.assert_close(parse(text)(X, 250), expected)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "v(x, t) =",
        "y",
        "x.clamp_(0)",
        "__import__('os').system('true')",
        "sin(x, out=x)",
        "(lambda: x)()",
        "x if t else x",
        "'x'",
        "x @ x",
        "9**9**9**9",
        "1/0",
        "sin" * 400,
        "(" * 900,
    ],
)
def test_nothing_else_is_evaluated(text: str) -> None:
    with pytest.raises(Unreadable, match="cannot be read"):
        parse(text)
