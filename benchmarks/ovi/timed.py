"""A loaded stage that times what the pipeline asks of it, and keeps the latents."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmarks.ovi.clock import Clock, Marks
from understudy.engines.ovi.denoise import Done, Latents
from understudy.engines.ovi.denoiser import Denoiser, DenoiseRequest, Solo
from understudy.engines.ovi.guidance import MakePredictor, Predictor
from understudy.engines.ovi.stage import Stage
from understudy.engines.ovi.text.source import TextSource
from understudy.engines.ovi.transformer.fusion import Velocity


class TimedStage:
    """The same parts, each with its time: for one run. What is not timed is the stage's own."""

    def __init__(self, stage: Stage, clock: Clock) -> None:
        self.inner = stage
        self.clock = clock
        self.marks = Marks(stage.device)
        self.request: DenoiseRequest | None = None
        self.latents: Latents | None = None

    @contextmanager
    def texts(self) -> Iterator[TextSource]:
        """See `Stage`."""
        with self.clock.lap("text"), self.inner.texts() as source:
            yield source

    @contextmanager
    def denoiser(self) -> Iterator[Denoiser]:
        """See `Stage`."""
        with self.inner.denoiser() as denoise:
            assert isinstance(denoise, Solo)

            def timed(request: DenoiseRequest, done: Done) -> Latents:
                marked = Solo(
                    denoise.model,
                    denoise.network,
                    marking(denoise.predictor, self.marks),
                    for_one_run=denoise.for_one_run,
                )
                with self.clock.lap("denoise"):
                    latents = marked(request, done)
                    self.marks.mark()
                self.request, self.latents = request, latents
                return latents

            yield timed

    def frames(self, latent: Tensor) -> Iterator[NDArray[np.uint8]]:
        """See `Stage`."""
        with self.clock.lap("video"):
            yield from self.inner.frames(latent)

    def decode_sound(self, latent: Tensor) -> Tensor:
        """See `Stage`."""
        with self.clock.lap("sound"):
            return self.inner.decode_sound(latent)

    def __getattr__(self, name: str) -> object:
        return getattr(self.inner, name)


def marking(make: MakePredictor, marks: Marks) -> MakePredictor:
    """The same predictor, with a mark before each of its steps."""

    return lambda run: _Marked(make(run), marks)


class _Marked:
    def __init__(self, predictor: Predictor, marks: Marks) -> None:
        self._predictor = predictor
        self._marks = marks

    def __call__(self, step: int, video: Tensor, audio: Tensor) -> Velocity:
        self._marks.mark()
        return self._predictor(step, video, audio)


def frames_of(stage: Stage, latent: Tensor) -> int:
    """Decode and count: nothing is encoded."""
    with torch.inference_mode():
        return sum(len(chunk) for chunk in stage.frames(latent))
