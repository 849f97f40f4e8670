"""From the network's velocity to the latent of the next step.

A step is a weighted sum of a few latents, and the weights follow from the noise levels alone. So they are worked out
before the loop, as Python floats, and a step is a handful of multiply-adds. diffusers' schedulers give the same numbers,
but are not used in the loop: they work the weights out at every step, from small tensors, with look-ups and a linear
solve that make the host wait for the card.

Terms are those of UniPC (arXiv 2302.04867) and DPM-Solver++ (arXiv 2211.01095), for flow matching: alpha = 1 - sigma,
lambda = ln(alpha / sigma), and m = x - sigma * v is what the network takes for the clean latent.
"""

import math
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple, Protocol, Self

import torch
from torch import Tensor

from understudy.engines.ovi.sampling.schedule import Schedule, SolverName

Weights = tuple[float, ...]
"""Of a sum of latents: first the current one, then the network's guesses at the clean one, newest first."""


class Solver(Protocol):
    """Goes from step to step and remembers earlier ones: each modality of each run has one of its own."""

    def step(self, sample: Tensor, velocity: Tensor) -> Tensor:
        """The latent that the next step starts from, float32; called once for each step, in order.

        `sample` is the latent that the network saw and `velocity` what it made of it: same shape, any dtypes; neither
        is changed. Nothing waits for the device.
        """


def make_solver(name: SolverName, schedule: Schedule) -> Solver:
    """A solver at the start of a run. `schedule`: the one made for it."""
    match name:
        case "unipc":
            return UniPC(schedule.sigmas)
        case "dpm++":
            return DpmSolver(schedule.sigmas)
        case "euler":
            return Euler(schedule.sigmas)


class Euler:
    """Straight on along the velocity: x' = x + (sigma' - sigma) * v."""

    def __init__(self, sigmas: Sequence[float]) -> None:
        self._lengths = deque(sigmas[i + 1] - sigmas[i] for i in range(len(sigmas) - 1))

    def step(self, sample: Tensor, velocity: Tensor) -> Tensor:
        """See `Solver`."""
        return torch.add(sample.float(), velocity.float(), alpha=self._lengths.popleft())


class DpmSolver:
    """DPM-Solver++ (2M): the predictor alone."""

    def __init__(self, sigmas: Sequence[float]) -> None:
        self._steps = deque((sigmas[i], _predictor(sigmas, i)) for i in range(len(sigmas) - 1))
        self._guesses: tuple[Tensor, ...] = ()  # m_{i-1}

    def step(self, sample: Tensor, velocity: Tensor) -> Tensor:
        """See `Solver`."""
        sigma, predictor = self._steps.popleft()
        guesses = (_guess(sample, velocity, sigma), *self._guesses)
        self._guesses = guesses[:1]
        return _sum(predictor, sample.float(), *guesses)


class UniPC:
    """UniPC-2 with B(h) = exp(h) - 1 ("bh2"): what the network says of a predicted latent corrects it first."""

    def __init__(self, sigmas: Sequence[float]) -> None:
        steps = range(len(sigmas) - 1)
        self._steps = deque((sigmas[i], _corrector(sigmas, i), _predictor(sigmas, i)) for i in steps)
        self._corrected: Tensor | None = None  # c_{i-1}
        self._guesses: tuple[Tensor, ...] = ()  # m_{i-1}, m_{i-2}

    def step(self, sample: Tensor, velocity: Tensor) -> Tensor:
        """See `Solver`."""
        sigma, corrector, predictor = self._steps.popleft()
        guesses = (_guess(sample, velocity, sigma), *self._guesses)
        start = sample.float() if self._corrected is None else self._corrected
        corrected = _sum(corrector, start, *guesses)
        self._corrected, self._guesses = corrected, guesses[:2]
        return _sum(predictor, corrected, *guesses)


class _Stride(NamedTuple):
    """The way between two noise levels; of first order, it leads to `keep * x + take * m`."""

    length: float
    """h: the difference in lambda; infinite from pure noise and to pure data."""
    keep: float
    """sigma' / sigma"""
    take: float
    """alpha' * (1 - exp(-h))"""

    @classmethod
    def of(cls, sigmas: Sequence[float], step: int) -> Self:
        """From the noise level of `step` to the following one."""
        before, after = sigmas[step], sigmas[step + 1]
        length = _lambda(after) - _lambda(before)
        return cls(length, after / before, (1 - after) * -math.expm1(-length))


def _predictor(sigmas: Sequence[float], i: int) -> Weights:
    """Weights of (c_i, m_i, m_{i-1}) in x_{i+1}: a straight line through the last two guesses, taken at mid-stride.

    There is no line at the first step, and none is used at the last: it returns m.
    """
    stride = _Stride.of(sigmas, i)
    if i == 0 or sigmas[i + 1] == 0:
        return stride.keep, stride.take
    slope = stride.take * 0.5 * stride.length / _Stride.of(sigmas, i - 1).length
    return stride.keep, stride.take + slope, -slope


def _corrector(sigmas: Sequence[float], i: int) -> Weights:
    """Weights of (c_{i-1}, m_i, m_{i-1}, m_{i-2}) in c_i: the stride that led here again, its end now known; c_0 = x_0.

    One order above the predictor's: a line through m_{i-1} and m_i, and from the third step on a parabola through
    m_{i-2} too. What is known is linear in differences to m_{i-1}; `new` and `old` are the weights of those, which
    solve the paper's 2 x 2 system.
    """
    if i == 0:
        return (1.0,)
    stride = _Stride.of(sigmas, i - 1)
    if i == 1:
        return stride.keep, stride.take / 2, stride.take / 2
    h, p = stride.length, math.expm1(-stride.length)
    at = -_Stride.of(sigmas, i - 2).length / h  # where m_{i-2} lies, in strides after m_{i-1}: r of the paper
    first = -1 / h - 1 / p  # new + old = first
    second = -2 * (first / h + 0.5 / p)  # new + at * old = second
    old = (second - first) / (at - 1)
    new = first - old
    return (
        stride.keep,
        stride.take * new,
        stride.take * (1 - new - old / at),
        stride.take * old / at,
    )


def _lambda(sigma: float) -> float:
    """Half the logarithm of the signal-to-noise ratio."""
    if sigma in (0, 1):
        return math.inf if sigma == 0 else -math.inf
    return math.log1p(-sigma) - math.log(sigma)


def _guess(sample: Tensor, velocity: Tensor, sigma: float) -> Tensor:
    """m: back along the velocity to where no noise is left."""
    return torch.sub(sample.float(), velocity.float(), alpha=sigma)


def _sum(weights: Weights, *latents: Tensor) -> Tensor:
    """Latents beyond the weights are not used."""
    # The current latent comes last: it has nearly all of the weight, and what is rounded before it is small.
    (weight, latent), *others = reversed([*zip(weights, latents, strict=False)])
    total = latent * weight
    for weight, latent in others:
        total.add_(latent, alpha=weight)
    return total
