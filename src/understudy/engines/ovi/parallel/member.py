"""One process's part in a run that several make."""

from pathlib import Path

from understudy.engines.ovi.denoise import Done, Latents
from understudy.engines.ovi.denoiser import DenoiseRequest, Solo
from understudy.engines.ovi.parallel.arrangement import Arrangement
from understudy.engines.ovi.parallel.group import Group, connect
from understudy.engines.ovi.parallel.guidance import PassesApart
from understudy.engines.ovi.parallel.heads import HeadExchange, sharing, token_counts
from understudy.engines.ovi.sampling.schedule import make_schedule
from understudy.engines.ovi.transformer.exchange import Exchange, Whole


class Member:
    """A `Denoiser` that does its share: every process is given the same request, and ends with the same latents."""

    def __init__(self, solo: Solo, arrangement: Arrangement, rank: int, folder: Path) -> None:
        """Meets the others in `folder`; what `solo` would do alone is then done together."""
        self._of_pass = _group(folder / "heads", arrangement.of_pass(rank), rank, solo)
        self._across = _group(folder / "passes", arrangement.across(rank), rank, solo)
        network = solo.network if self._across is None else PassesApart(solo.network, self._across)
        self._solo = Solo(solo.model, network, solo.predictor)

    def check(self, request: DenoiseRequest) -> None:
        """Raises `EngineInputError` for a request that cannot be played: all members would refuse it."""
        make_schedule(request.solver, request.steps, request.shift)
        self._exchange(request)

    def __call__(self, request: DenoiseRequest, done: Done) -> Latents:
        """See `Denoiser`."""
        with sharing(self._solo.model, self._exchange(request)):
            return self._solo(request, done)

    def leave(self) -> None:
        """Give the connections up, whatever is under way."""
        for group in (self._of_pass, self._across):
            if group is not None:
                group.abort()

    def _exchange(self, request: DenoiseRequest) -> Exchange:
        if self._of_pass is None:
            return Whole()
        model = self._solo.model
        tokens = token_counts(model, request.video_noise.shape, request.audio_noise.shape)
        return HeadExchange(self._of_pass, model.config.video.heads, tokens)


def _group(file: Path, ranks: tuple[int, ...], rank: int, solo: Solo) -> Group | None:
    return connect(file, ranks, rank, solo.model.device) if len(ranks) > 1 else None
