"""One process's part in a run that several make."""

from contextlib import nullcontext
from pathlib import Path

import torch

from understudy.engines.ovi.denoise import Done, Latents
from understudy.engines.ovi.denoiser import DenoiseRequest, Solo
from understudy.engines.ovi.parallel.arrangement import Arrangement
from understudy.engines.ovi.parallel.group import Group, connect
from understudy.engines.ovi.parallel.guidance import PassesApart
from understudy.engines.ovi.parallel.heads import HeadExchange, sharing, token_counts
from understudy.engines.ovi.sampling.schedule import make_schedule


class Member:
    """A `Denoiser` that does its share: every process has to be given the same request, and ends with the same latents."""

    def __init__(self, solo: Solo, arrangement: Arrangement, rank: int, folder: Path) -> None:
        """Meets the others in `folder`; what `solo` would do alone is done together."""
        device = solo.model.device
        self._of_pass = connect(folder / "heads", arrangement.of_pass(rank), rank, device)
        self._across = connect(folder / "passes", arrangement.across(rank), rank, device)
        network = solo.network if self._across.size == 1 else PassesApart(solo.network, self._across)
        self._solo = Solo(solo.model, network, solo.predictor)

    def exchange(self, request: DenoiseRequest) -> HeadExchange:
        """How the request's tokens are shared. Raises `EngineInputError` if they, or its steps, are not possible."""
        make_schedule(request.solver, request.steps, request.shift)
        model = self._solo.model
        tokens = token_counts(model, request.video_noise.shape, request.audio_noise.shape)
        return HeadExchange(self._of_pass, model.config.video.heads, tokens)

    def __call__(self, request: DenoiseRequest, done: Done) -> Latents:
        """See `Denoiser`."""
        alone = self._of_pass.size == 1
        with nullcontext() if alone else sharing(self._solo.model, self.exchange(request)):
            return self._solo(request, done)

    def leave(self) -> None:
        """Give the connections up, whatever is under way."""
        for group in (self._of_pass, self._across):
            group.abort()


__all__ = ["Group", "Member", "torch"]
