"""A step cache: where the network would hardly say anything new, what it added before is added again.

The rule is EasyCache's (arXiv 2507.02860): how much the blocks' output changes for a change of their input is measured
where they are computed, and estimated from it where they may not have to be. Each tower reads the other in every block,
so both are taken over together, by the larger of their two estimates.
"""

from collections.abc import Sequence
from math import ceil, inf

import torch
from torch import Tensor

from understudy.engines.ovi.presets import CacheRule
from understudy.engines.ovi.transformer.fusion import Fusion, Geometry, Moment, Pass, States, Velocity


class StepCache:
    """A `Network` for one run, with a memory of its last steps. Reads two numbers from the device at every step."""

    def __init__(self, model: Fusion, rule: CacheRule, steps: int) -> None:
        self._model = model
        self._rule = rule
        self._first = ceil(rule.keep_first * steps)
        self._step = 0
        self._in_a_row = 0
        self._error = 0.0
        self._rates = (inf, inf)
        """By tower: relative change of the output for a relative change of the input of one."""
        self._entered: States | None = None
        self._left: States | None = None
        self._added: States | None = None
        self.computed = 0
        """Steps at which the blocks were gone through."""

    def __call__(
        self, video: Tensor, audio: Tensor, moment: Moment, geometry: Geometry, passes: Sequence[Pass]
    ) -> list[Velocity]:
        """See `Network`."""
        entering = self._model.enter(video, audio)
        added = self._taken_over(entering, len(passes))
        if added is None:
            leaving = self._model.through(
                lambda: self._model.start(entering, moment, geometry), moment, geometry, passes
            )
            self._remember(entering, leaving)
        else:
            leaving = States(*(x + y for x, y in zip(entering, added, strict=True)))
        self._entered = entering
        self._step += 1
        return self._model.leave(leaving, moment, geometry)

    def _taken_over(self, entering: States, passes: int) -> States | None:
        """What to add to the entering states of each pass; None if it has to be computed."""
        if self._entered is None or self._added is None or len(self._added.video) < passes:
            return None
        if self._step < self._first or self._in_a_row >= self._rule.most:
            return None
        changes = _relative_changes(entering, self._entered)
        self._error += max(rate * change for rate, change in zip(self._rates, changes, strict=True))
        if not self._error < self._rule.threshold:
            return None
        self._in_a_row += 1
        return States(*(each[:passes] for each in self._added))

    def _remember(self, entering: States, leaving: States) -> None:
        """What this step has shown: what the blocks add, and how fast their output changes."""
        if self._entered is not None and self._left is not None:
            changes = _relative_changes(entering, self._entered)
            effects = _relative_changes(leaving, self._left)
            self._rates = (_rate(effects[0], changes[0]), _rate(effects[1], changes[1]))
        self._left = leaving
        self._added = States(*(after - before for after, before in zip(leaving, entering, strict=True)))
        self._error = 0.0
        self._in_a_row = 0
        self.computed += 1


def _relative_changes(now: States, before: States) -> tuple[float, float]:
    """By tower, the mean absolute change of the first pass over its mean absolute value."""
    ratios = [
        (x[0].float() - y[0].float()).abs().mean() / y[0].float().abs().mean().clamp(min=1e-12)
        for x, y in zip(now, before, strict=True)
    ]
    video, audio = torch.stack(ratios).tolist()
    return video, audio


def _rate(effect: float, cause: float) -> float:
    return effect / cause if cause > 0 else inf
