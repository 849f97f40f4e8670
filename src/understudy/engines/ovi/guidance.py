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


class Guided:
    """Two passes at every step: with the prompt, and with the negative prompts and one block left out."""

    def __init__(
        self,
        network: Network,
        moments: Sequence[Moment],
        geometry: Geometry,
        positive: Pass,
        negative: Pass,
        scales: Scales,
    ) -> None:
        self._network = network
        self._moments = moments
        self._geometry = geometry
        self._passes = (positive, negative)
        self._scales = scales

    def __call__(self, step: int, video: Tensor, audio: Tensor) -> Velocity:
        """See `Predictor`."""
        outputs = self._network(video, audio, self._moments[step], self._geometry, self._passes)
        return self._scales.combine(*outputs)


class GuidedFirst(Guided):
    """Both passes at the first steps only; the late ones change little but detail, and make do with the prompt's."""

    def __init__(
        self,
        network: Network,
        moments: Sequence[Moment],
        geometry: Geometry,
        positive: Pass,
        negative: Pass,
        scales: Scales,
        *,
        share: float,
    ) -> None:
        """`share` of the steps, rounded up, are guided."""
        super().__init__(network, moments, geometry, positive, negative, scales)
        self._guided = ceil(share * len(moments))

    def __call__(self, step: int, video: Tensor, audio: Tensor) -> Velocity:
        """See `Predictor`."""
        if step < self._guided:
            return super().__call__(step, video, audio)
        [alone] = self._network(video, audio, self._moments[step], self._geometry, self._passes[:1])
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
            for velocity in model.leave(model.through(at, moment, geometry, [each]), moment, geometry)
        ]

    return network
