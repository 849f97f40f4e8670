"""Closed-form models of a recording, read from how they are written: `v(x, t) = 0.35*x + sin(3*t/1000)*cos(x)`."""

import ast
import math
import operator
from collections.abc import Callable, Mapping
from typing import Final

import torch
from torch import Tensor

from understudy.engines.ovi.verify.case import Unreadable

Formula = Callable[[Tensor, float], Tensor]
"""x of any shape, t -> v, shaped as x."""

_LONGEST: Final = 1000
Value = float | Tensor

_OPERATORS: Final[Mapping[type[ast.AST], Callable[..., Value]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
}
_FUNCTIONS: Final[Mapping[str, tuple[Callable[[float], float], Callable[[Tensor], Tensor]]]] = {
    "sin": (math.sin, torch.sin),
    "cos": (math.cos, torch.cos),
    "tanh": (math.tanh, torch.tanh),
    "exp": (math.exp, torch.exp),
}
"""Of numbers, and of tensors."""
_CONSTANTS: Final = {"pi": math.pi, "e": math.e}


def parse(text: str) -> Formula:
    """The formula behind the last `=`: sums, products, quotients and powers of x, t, numbers and a few functions.

    Nothing else is evaluated. Raises `Unreadable` for anything else.
    """
    written = text.rpartition("=")[2].strip()
    try:
        if len(written) > _LONGEST:
            raise ValueError("it is too long")
        body = ast.parse(written, mode="eval").body
        # A trial: what is not known is said before anything is computed with it.
        _value(body, {"x": torch.ones(1), "t": 1.0})
    except (SyntaxError, ValueError, TypeError, ArithmeticError, RecursionError) as error:
        raise Unreadable(f"The formula {text!r} cannot be read: {error}") from error

    def formula(x: Tensor, t: float) -> Tensor:
        return torch.zeros_like(x) + _value(body, {"x": x, "t": float(t)})

    return formula


def _value(node: ast.expr, names: Mapping[str, Value]) -> Value:
    match node:
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.Name(id=name) if name in names:
            return names[name]
        case ast.Name(id=name) if name in _CONSTANTS:
            return _CONSTANTS[name]
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return _OPERATORS[type(op)](_value(left, names), _value(right, names))
        case ast.UnaryOp(op=op, operand=operand) if type(op) in _OPERATORS:
            return _OPERATORS[type(op)](_value(operand, names))
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in _FUNCTIONS:
            value = _value(argument, names)
            of_number, of_tensor = _FUNCTIONS[name]
            return of_tensor(value) if isinstance(value, Tensor) else of_number(value)
    raise ValueError(f"{ast.unparse(node)!r} is not known")
