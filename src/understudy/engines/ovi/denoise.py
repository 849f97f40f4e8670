"""The sampling loop: from noise to latents, both modalities in step."""

from collections import deque
from collections.abc import Callable
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from understudy.engines.ovi.guidance import Predictor
from understudy.engines.ovi.sampling.solvers import Solver


class Latents(NamedTuple):
    """What is being denoised, float32."""

    video: Tensor  # [C, F, h, w]
    audio: Tensor  # [L, C]


class Done(Protocol):
    """Told after each step; the one place where a run is stopped."""

    def __call__(self, step: int, total: int, /) -> None:
        """`step` of `total` is done. Raises `Cancelled` if the run was asked to stop."""


def denoise(
    noise: Latents,
    predict: Predictor,
    solvers: tuple[Solver, Solver],
    steps: int,
    done: Done,
    *,
    first_frame: Tensor | None = None,
) -> Latents:
    """All steps of one run. `solvers`: the video's and the audio's, each with a history of its own.

    `first_frame` [C, 1, h, w] is the given picture's latent: it takes the place of the first latent frame before every
    step and at the end. Raises `Cancelled` out of `done`.
    """
    pin = _pinned(first_frame)
    video_solver, audio_solver = solvers
    pace = Pace(noise.video.device)
    video, audio = pin(noise.video), noise.audio
    done(0, steps)
    for step in range(steps):
        velocity = predict(step, video, audio)
        video = pin(video_solver.step(video, velocity.video))
        audio = audio_solver.step(audio, velocity.audio)
        for finished in pace.after(step):
            done(finished + 1, steps)
    for finished in pace.rest():
        done(finished + 1, steps)
    return Latents(video, audio)


def draw_noise(
    video_shape: tuple[int, ...], audio_shape: tuple[int, ...], seed: int, device: torch.device
) -> Latents:
    """Standard normal latents from one generator; drawn on the CPU, so that a seed means the same on every card."""
    generator = torch.Generator().manual_seed(seed)
    video = torch.randn(video_shape, generator=generator)
    audio = torch.randn(audio_shape, generator=generator)
    return Latents(video.to(device), audio.to(device))


class Pace:
    """Keeps the card one step behind the host, no more: its queue never runs dry, and a cancel is heard in time."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._under_way: deque[tuple[int, torch.cuda.Event]] = deque()

    def after(self, step: int) -> list[int]:
        """The step is launched: returns those that are finished by now, having waited for all but this one."""
        if self._device.type != "cuda":
            return [step]
        event = torch.cuda.Event(blocking=True)  # a wait for it sleeps; without this it would take a core
        event.record(torch.cuda.current_stream(self._device))
        self._under_way.append((step, event))
        return self._finish(1)

    def rest(self) -> list[int]:
        """Waits for every step that is left."""
        return self._finish(0)

    def _finish(self, leave: int) -> list[int]:
        finished = []
        while len(self._under_way) > leave:
            step, event = self._under_way.popleft()
            event.synchronize()
            finished.append(step)
        return finished


def _pinned(first_frame: Tensor | None) -> Callable[[Tensor], Tensor]:
    if first_frame is None:
        return lambda video: video
    return lambda video: torch.cat([first_frame.to(video), video[:, first_frame.shape[1] :]], 1)
