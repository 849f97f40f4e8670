"""How far a tensor is from another."""

from torch import Tensor


def rel(found: Tensor, wanted: Tensor) -> float:
    """L2 norm of the difference over that of what is wanted."""
    return float((found.double() - wanted.double()).norm() / wanted.double().norm())
