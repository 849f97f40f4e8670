"""What an engine does with each input of a contract, from what it does with each wish."""

from collections.abc import Mapping, Sequence
from typing import Literal

from understudy.engines.engine import Contract, Treatment
from understudy.engines.wish import Field, wished

How = Literal["honoured", "approximated", "dropped"]
Row = tuple[How, str]
"""What becomes of something, and a short sentence on how or why."""
Treated = Mapping[Field, Row]
"""By wish; one that is missing is dropped."""


def treatments(contract: Contract, treated: Treated) -> tuple[Treatment, ...]:
    """A row for each input of the contract, in their order."""
    return tuple(
        Treatment(name, *treated.get(field, ("dropped", "It has nothing like it.")))
        if field
        else Treatment(name, "dropped", "No engine but the model's own knows it.")
        for name, field in wished(contract).items()
    )


def first_of(same: Sequence[str], names: Sequence[str], row: Row) -> dict[str, Row]:
    """Rows for inputs that mean the `same` and are among `names`: the first one counts, the others are dropped for it."""
    first, *others = [name for name in same if name in names] or [""]
    return {first: row} | dict.fromkeys(others, ("dropped", f"{first} comes before it.")) if first else {}
