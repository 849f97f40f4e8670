"""The times at which the network is asked, and how much noise a latent holds at each.

Flow matching: x = (1 - sigma) * data + sigma * noise, and the network's time is 1000 * sigma. Each solver has a grid of
its own, for the checkpoints are sampled so by their authors: same steps, same numbers, to the last bit of a float32.
"""

import struct
from bisect import bisect_left
from typing import Final, Literal

import msgspec

from understudy.errors import EngineInputError

SolverName = Literal["unipc", "euler", "dpm++"]
"""UniPC (arXiv 2302.04867), Euler's method, DPM-Solver++ (2M) (arXiv 2211.01095)."""

TRAINED: Final = 1000
"""Times that the network was trained on; sigma = 1 is time 1000."""


class Schedule(msgspec.Struct, frozen=True):
    """One run's grid, from noise to data."""

    timesteps: tuple[float, ...]
    """What the network is told at each step: 0..1000, falling. Whole numbers but for euler."""
    sigmas: tuple[float, ...]
    """Noise levels at each step, and 0.0 where the last one leads to; values of a float32."""

    @property
    def steps(self) -> int:
        """How often the network is asked."""
        return len(self.timesteps)


def make_schedule(solver: SolverName, steps: int, shift: float = 5.0) -> Schedule:
    """The grid of `steps` steps; a higher `shift` spends more of them where there is much noise.

    Raises `EngineInputError`, which says what is possible: for a `shift` outside 0.01..100, and if the grid cannot have
    so many steps: at most one for each time that the network knows, and where times are whole numbers, no two at the
    same.
    """
    if not 0.01 <= shift <= 100:
        raise EngineInputError(f"A shift of {shift:g} is not possible: choose 0.01 to 100; 5 is usual.")
    if 1 <= steps <= TRAINED:
        schedule = grid_of(solver, steps, shift)
        if not _repeats(schedule):
            return schedule
    most = bisect_left(range(1, TRAINED + 1), True, key=lambda n: _repeats(grid_of(solver, n, shift)))
    raise EngineInputError(
        f"{steps} steps are not possible with {solver} and a shift of {shift:g}: choose 1 to {most}."
    )


def _repeats(schedule: Schedule) -> bool:
    return len(set(schedule.timesteps)) < schedule.steps


def grid_of(solver: SolverName, steps: int, shift: float) -> Schedule:
    """As `make_schedule`, but of any number of steps, also where times repeat: for comparing, not for playing."""
    match solver:
        case "unipc":
            return _whole_times(_float32(0.999), steps, shift)
        case "dpm++":
            return _whole_times(1.0, steps, shift)
        case "euler":
            return _twice_shifted(steps, shift)


def _whole_times(first: float, steps: int, shift: float) -> Schedule:
    """From `first` down towards 0, then shifted. The network's times lose their fraction, the noise levels do not."""
    sigmas = [_shifted(level, shift) for level in _even(first, 0.0, steps + 1)[:-1]]
    return Schedule(
        timesteps=tuple(float(int(TRAINED * sigma)) for sigma in sigmas),
        sigmas=(*map(_float32, sigmas), 0.0),
    )


def _twice_shifted(steps: int, shift: float) -> Schedule:
    """Between the shifted ends of the trained range, then shifted again.

    So the low end has been shifted twice: with a shift of 5, the last step is at sigma = 0.0244 for any number of steps.
    """
    high, low = _shifted_in_float32(1.0, shift), _shifted_in_float32(1 / TRAINED, shift)
    levels = _even(high * TRAINED, low * TRAINED, steps)
    sigmas = tuple(_float32(_shifted(level / TRAINED, shift)) for level in levels)
    return Schedule(timesteps=tuple(_float32(TRAINED * sigma) for sigma in sigmas), sigmas=(*sigmas, 0.0))


def _shifted(sigma: float, shift: float) -> float:
    """Multiplies sigma / (1 - sigma) by `shift` (arXiv 2403.03206, section 5.3.2)."""
    return shift * sigma / (1 + (shift - 1) * sigma)


def _shifted_in_float32(sigma: float, shift: float) -> float:
    # Rounded where float32 arithmetic rounds: the ends of the euler grid were computed in it.
    sigma = _float32(sigma)
    above = _float32(_float32(shift) * sigma)
    below = _float32(1 + _float32(_float32(shift - 1) * sigma))
    return _float32(above / below)


def _even(start: float, stop: float, count: int) -> list[float]:
    """`count` numbers from `start` to `stop`, evenly apart; of one, `start`."""
    if count == 1:
        return [start]
    step = (stop - start) / (count - 1)
    return [*(start + index * step for index in range(count - 1)), stop]


def _float32(value: float) -> float:
    """The nearest float32."""
    return float(struct.unpack("f", struct.pack("f", value))[0])
