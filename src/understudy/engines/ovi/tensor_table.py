"""What a checkpoint holds, and whether that is what it has to hold: names and shapes of tensors. No torch."""

from collections.abc import Mapping
from math import prod
from typing import Final

from understudy.errors import EngineUnavailable

Shape = tuple[int, ...]
Shapes = Mapping[str, Shape]
"""By the names of the tensors."""

_NAMED: Final = 3
"""Tensors of each kind that a sentence names; the rest are counted."""


def must_match(part: str, found: Shapes, wanted: Shapes, *, known: Shapes | None = None) -> None:
    """Raises `EngineUnavailable` unless `found`, the tensors of that part of the model, are the `wanted` ones.

    `known` are those that may be there: by default the wanted ones, and no more.
    """
    wrong = differences(found, wanted, known=known)
    if wrong:
        raise EngineUnavailable(
            f"The weights of the {part} do not fit. {' '.join(wrong)} `understudy weights check` names the file:"
            " download it again, or correct the ovi.json beside it."
        )


def differences(found: Shapes, wanted: Shapes, *, known: Shapes | None = None) -> tuple[str, ...]:
    """Sentences on what is missing, unexpected or of another shape; none if all is right. `known`: see `must_match`."""
    known = wanted if known is None else known
    lists = {
        "missing": [name for name in wanted if name not in found],
        "unexpected": [name for name in found if name not in known],
        "of another shape": [
            f"{name} is {_written(found[name])}, not {_written(shape)}"
            for name, shape in wanted.items()
            if name in found and found[name] != shape
        ],
    }
    return tuple(_sentence(kind, names) for kind, names in lists.items() if names)


def elements(shapes: Shapes) -> int:
    """Numbers in all tensors together."""
    return sum(map(prod, shapes.values()))


def _sentence(kind: str, names: list[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{len(names)} tensor{'s' * (len(names) > 1)} {kind}: {', '.join(names[:_NAMED])}{more}."


def _written(shape: Shape) -> str:
    return "x".join(map(str, shape)) or "a number"
