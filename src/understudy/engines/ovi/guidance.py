"""From the network's passes to one velocity: classifier-free guidance with a scale for each tower."""

from collections.abc import Callable, Sequence
from math import ceil
from typing import NamedTuple, Protocol

from torch import Tensor

from understudy.engines.ovi.transformer.fusion import Fusion, Geometry, Moment, Pass, Velocity

Network = Callable[[Tensor, Tensor, Moment, Geometry, Sequence[Pass]], list[Velocity]]
"""Video latent [C, F, h, w], audio latent [L, C], time, positions, passes -> a velocity for each pass."""


class Predictor(Protocol):
    """What the loop asks for a velocity."""

    def __call__(self, step: int, video: Tensor, audio: Tensor) -> Velocity:
        """The velocity at that step's time for latents [C, F, h, w] and [L, C]."""


class Scales(NamedTuple):
    """How far to go beyond the negative pass: 1 is the positive pass itself."""

    video: float = 4.0
    audio: float = 3.0

    def combine(self, positive: Velocity, negative: Velocity) -> Velocity:
        """`negative + scale * (positive - negative)`."""
        return Velocity(
            negative.video + self.video * (positive.video - negative.video),
            negative.audio + self.audio * (positive.audio - negative.audio),
        )


class Guidance(NamedTuple):
    """What the velocities of one run come from, besides its latents."""

    network: Network
    moments: Sequence[Moment]
    """The time of each step."""
    geometry: Geometry
    positive: Pass
    negative: Pass
    scales: Scales


MakePredictor = Callable[[Guidance], Predictor]
"""Called once per run, so that what it makes may remember the run's earlier steps."""


class Guided:
    """Two passes at every step: with the prompt, and with the negative prompts and one block left out."""

    def __init__(self, run: Guidance) -> None:
        self._run = run
        self._passes = (run.positive, run.negative)

    def __call__(self, step: int, video: Tensor, audio: Tensor) -> Velocity:
        """See `Predictor`."""
        run = self._run
        outputs = run.network(video, audio, run.moments[step], run.geometry, self._passes)
        return run.scales.combine(*outputs)


class GuidedFirst(Guided):
    """Both passes at the first steps only; the late ones change little but detail, and make do with the prompt's."""

    def __init__(self, run: Guidance, *, share: float) -> None:
        """`share` of the steps, rounded up, are guided."""
        super().__init__(run)
        self._guided = ceil(share * len(run.moments))

    def __call__(self, step: int, video: Tensor, audio: Tensor) -> Velocity:
        """See `Predictor`."""
        if step < self._guided:
            return super().__call__(step, video, audio)
        run = self._run
        [alone] = run.network(video, audio, run.moments[step], run.geometry, [run.positive])
        return alone


def together(model: Fusion) -> Network:
    """All passes in one batch: the weights are read once per step."""
    return model.forward


def apart(model: Fusion) -> Network:
    """One pass after the other, for half the memory; what they share is still computed once."""

    def network(
        video: Tensor, audio: Tensor, moment: Moment, geometry: Geometry, passes: Sequence[Pass]
    ) -> list[Velocity]:
        at = model.start(model.enter(video, audio), moment, geometry)
        return [
            velocity
            for each in passes
            for velocity in model.leave(model.through(lambda: at, moment, geometry, [each]), moment, geometry)
        ]

    return network
