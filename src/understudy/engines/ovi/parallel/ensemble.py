"""One denoiser made of several devices, each with a process of its own; the pipeline's own process leads."""

from collections.abc import Mapping, Sequence

import torch

from understudy.engines.ovi.denoise import Done, Latents
from understudy.engines.ovi.denoiser import DenoiseRequest
from understudy.engines.ovi.parallel.arrangement import Arrangement
from understudy.engines.ovi.parallel.follower import Load
from understudy.engines.ovi.parallel.orders import Denoise, Go, Halt, PeerLost
from understudy.engines.ovi.parallel.team import Team
from understudy.errors import EngineError


class Ensemble:
    """A `Denoiser`. A run that fails ends the other processes; the next one starts them again.

    Every process makes the same `Solo`, and all of them have to go the same way: a predictor or network that decides by
    what it finds in a tensor may decide otherwise in another process, and must not be used here.
    """

    def __init__(
        self, arrangement: Arrangement, devices: Sequence[str], load: Load, options: Mapping[str, object]
    ) -> None:
        """Load on every device, the first one here; see `arrange` for the arrangement.

        `load(device, options)` is a function of a module, for it is called in the other processes too. Raises the
        `EngineError` of the process that could not.
        """
        if len(devices) != arrangement.processes:
            raise ValueError(f"{arrangement.processes} devices are needed, not {len(devices)}.")
        self._plan = (arrangement, tuple(devices), load, options)
        self._team: Team | None = Team(*self._plan)
        try:
            self.solo = load(torch.device(devices[0]), options)
            self._team.meet(self.solo)
        except BaseException:
            self._disband()
            raise

    @property
    def pids(self) -> tuple[int | None, ...]:
        """Of the other processes, where they are running."""
        return self._team.pids if self._team is not None else ()

    def __call__(self, request: DenoiseRequest, done: Done) -> Latents:
        """See `Denoiser`. A run that loses one of its processes is begun again with new ones, once.

        Raises the `EngineError` of another process, too: `EngineFailed` for one that died again.
        """
        try:
            return self._attempt(request, done)
        except PeerLost as loss:
            print(f"{loss.message} The run begins again.", flush=True)  # noqa: T201 - the run's log
            return self._attempt(request, done)

    def _attempt(self, request: DenoiseRequest, done: Done) -> Latents:
        team = self._gathered()
        team.member.check(request)
        asking = _Asking(done, team)
        try:
            team.order(Denoise.of(request))
            latents = team.member(request, asking)
            team.settle()
        except BaseException as error:
            if asking.refused is not None:
                self._calm()
                raise asking.refused from None
            failure = team.failure()
            self._disband()
            if failure is not None:
                raise failure from error
            raise
        return latents

    def close(self) -> None:
        """End the other processes."""
        if self._team is not None:
            self._team.close()
            self._team = None

    def _gathered(self) -> Team:
        """The team, as it is or anew."""
        if self._team is not None and self._team.intact:
            return self._team
        self._disband()
        self._team = Team(*self._plan)
        try:
            self._team.meet(self.solo)
        except BaseException:
            self._disband()
            raise
        return self._team

    def _calm(self) -> None:
        """After a halt: all others wait for orders again, or none is left."""
        assert self._team is not None
        try:
            self._team.settle()
        except EngineError:
            self._disband()

    def _disband(self) -> None:
        if self._team is not None:
            self._team.close(at_once=True)
            self._team = None


class _Asking:
    """Asks whether to go on, and passes the answer on to every process of the team."""

    def __init__(self, done: Done, team: Team) -> None:
        self._done = done
        self._team = team
        self.refused: BaseException | None = None

    def __call__(self, step: int, total: int, /) -> None:
        try:
            self._done(step, total)
        except BaseException as refusal:
            self.refused = refusal
            self._team.order(Halt())
            raise
        self._team.order(Go())
