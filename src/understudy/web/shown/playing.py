"""Who would play a model now, and what keeps it from being played, for those who make clips."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from understudy.catalogue.manifest import Model
from understudy.engines.cast import Cast, Tried
from understudy.engines.engine import Availability
from understudy.tasks.operations.decisions import Decisions
from understudy.tasks.operations.records import Hold


class Player(msgspec.Struct, frozen=True, kw_only=True):
    """Who plays."""

    engine: str
    """"" for nobody."""
    preview: bool = False
    held: Hold | Literal[""] = ""
    """An operator lets it take up nothing; what waits for it goes on waiting."""
    tried: tuple[Tried, ...] = ()
    """Who would have been preferred, and why they do not play."""

    @property
    def why_not(self) -> str:
        """Why nobody plays, in words."""
        return " ".join(f"{each.engine}: {each.reason}" for each in self.tried)


def player_of(
    cast: Cast, decisions: Decisions, model: Model, answers: Mapping[str, Availability] | None
) -> Player:
    """Who takes up the next task of the model. `answers`: of `Reports`."""
    choice = cast.choose(model, answers=answers)
    # Whoever is drained is passed over; where nobody else is left, tasks wait for it.
    engine = choice.engine or next(
        (each for each in cast.of(model) if decisions.held.get(each.name) == "drained"), None
    )
    if engine is None:
        return Player(engine="", tried=choice.tried)
    return Player(
        engine=engine.name,
        preview=engine.preview,
        held=decisions.held.get(engine.name, ""),
        tried=tuple(each for each in choice.tried if each.engine != engine.name),
    )
