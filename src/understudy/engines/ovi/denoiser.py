"""One run of the transformer: everything that it depends on, and what carries it out."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import NamedTuple, Protocol

from torch import Tensor, nn

from understudy.engines.ovi.denoise import Done, Latents, denoise
from understudy.engines.ovi.guidance import Guidance, Guided, MakePredictor, Network, Scales
from understudy.engines.ovi.sampling.schedule import SolverName, make_schedule
from understudy.engines.ovi.sampling.solvers import make_solver
from understudy.engines.ovi.transformer.fusion import Fusion


class DenoiseRequest(NamedTuple):
    """What decides a run's latents, besides the weights. Tensors may lie on any device."""

    video_noise: Tensor  # [C, F, h, w], float32
    audio_noise: Tensor  # [L, C], float32
    positive: Tensor  # [n, text_dim], for both towers
    video_negative: Tensor  # [n, text_dim]
    audio_negative: Tensor  # [n, text_dim]
    first_frame: Tensor | None  # [C, 1, h, w]: the given picture's latent
    solver: SolverName
    steps: int
    shift: float
    scales: Scales
    skip: int | None
    """The block that the negative pass leaves out; none for None and 0."""


class Denoiser(Protocol):
    """From a request to latents, on one device or on several."""

    def __call__(self, request: DenoiseRequest, done: Done) -> Latents:
        """Latents, float32, on the first device.

        Raises `EngineInputError` for a schedule that does not exist, and `Cancelled` out of `done`.
        """


ForOneRun = Callable[[Network], AbstractContextManager[Network]]
"""What a network is wrapped in for as long as one run takes."""


class Solo:
    """A run in this process alone."""

    def __init__(
        self,
        model: Fusion,
        network: Network,
        predictor: MakePredictor = Guided,
        *,
        for_one_run: ForOneRun = nullcontext,
        attentive: bool = False,
    ) -> None:
        """`attentive`: `done` is also called before each block, with the last step's number, so that a long step can be
        broken off in its middle. Not for processes that have to stop at the same point."""
        self.model = model
        self.network = network
        self.predictor = predictor
        self.for_one_run = for_one_run
        self.attentive = attentive

    def __call__(self, request: DenoiseRequest, done: Done) -> Latents:
        """See `Denoiser`."""
        if not self.attentive:
            return self._run(request, done)
        latest = _Latest(done)
        with visited(self.model, lambda: latest.again(request.steps)):
            return self._run(request, latest)

    def _run(self, request: DenoiseRequest, done: Done) -> Latents:
        model, device = self.model, self.model.device
        schedule = make_schedule(request.solver, request.steps, request.shift)
        video, audio = request.video_noise.to(device), request.audio_noise.to(device)
        given = None if request.first_frame is None else request.first_frame.to(device)
        frames, height, width = video.shape[1:]
        solvers = (make_solver(request.solver, schedule), make_solver(request.solver, schedule))
        with self.for_one_run(self.network) as network:
            predict = self.predictor(
                Guidance(
                    network,
                    model.moments(schedule.timesteps, clean_first=given is not None),
                    model.geometry((frames, height, width), len(audio), clean_first=given is not None),
                    model.read(request.positive, request.positive),
                    model.read(request.video_negative, request.audio_negative, skip=request.skip),
                    request.scales,
                )
            )
            return denoise(Latents(video, audio), predict, solvers, request.steps, done, first_frame=given)


@contextmanager
def visited(model: Fusion, before: Callable[[], None]) -> Iterator[None]:
    """Call `before` in front of every block that the model goes through, for as long as this is entered."""
    plain = model.visit

    def visit(blocks: nn.ModuleList) -> Iterator[nn.Module]:
        for block in plain(blocks):
            before()
            yield block

    model.visit = visit
    try:
        yield
    finally:
        model.visit = plain


class _Latest:
    """A `Done` that can be told the same again."""

    def __init__(self, done: Done) -> None:
        self._done = done
        self._step = 0

    def __call__(self, step: int, total: int, /) -> None:
        self._step = step
        self._done(step, total)

    def again(self, total: int) -> None:
        self._done(self._step, total)
