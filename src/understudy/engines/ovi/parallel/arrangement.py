"""Who does what when several devices make one clip. No torch."""

from typing import NamedTuple

from understudy.errors import EngineUnavailable

_MOST = 16


class Arrangement(NamedTuple):
    """`passes` teams, each with guidance passes of its own; in a team, `heads` processes share the tokens of a pass.

    Ranks count through the first team, then through the second.
    """

    passes: int
    heads: int

    @property
    def processes(self) -> int:
        """How many there are, one for each device."""
        return self.passes * self.heads

    def of_pass(self, rank: int) -> tuple[int, ...]:
        """The ranks that share tokens with this one, itself included."""
        first = rank - rank % self.heads
        return tuple(range(first, first + self.heads))

    def across(self, rank: int) -> tuple[int, ...]:
        """The ranks that hold what this one holds, of other passes; itself included."""
        return tuple(range(rank % self.heads, self.processes, self.heads))


def arrange(count: int, heads: int) -> Arrangement:
    """How `count` devices work on a model with that many heads.

    An even number first takes the two guidance passes apart, which costs next to no traffic; the rest is for the heads.
    Raises `EngineUnavailable`, which names the possible numbers, if the heads cannot be shared out evenly.
    """
    found = _arranged(count)
    if count < 1 or heads % found.heads:
        possible = [str(n) for n in range(1, _MOST + 1) if heads % _arranged(n).heads == 0]
        raise EngineUnavailable(
            f"{count} devices cannot share the model's {heads} heads evenly: use {', '.join(possible)}."
        )
    return found


def _arranged(count: int) -> Arrangement:
    passes = 2 if count % 2 == 0 else 1
    return Arrangement(passes, count // passes)
