"""The real architecture, gone through without weights: what must not be in the loop.

Tensors on the meta device have no values: whatever waits for one on the host cannot work there; and an operator that is
given a tensor from another device fails, as on a card.
"""

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from tests.engines.ovi.transformer.shallow import shallow
from tests.engines.ovi.watch import Watch
from understudy.engines.ovi.config import REAL
from understudy.engines.ovi.denoiser import DenoiseRequest, Solo
from understudy.engines.ovi.guidance import Network, Scales, apart, together
from understudy.engines.ovi.sampling.schedule import SolverName
from understudy.engines.ovi.transformer.fusion import Fusion
from understudy.engines.ovi.transformer.loading import build_fusion

WORDS = 160


@pytest.fixture(scope="module")
def model() -> Fusion:
    return build_fusion(shallow(3), device="meta", dtype=torch.bfloat16)


def step(model: Fusion, network: Network, mode: TorchDispatchMode) -> None:
    """One sampling step of a clip of 5 seconds under `mode`, both passes; what is done once per run is outside it."""
    frames, side, length = 31, 44, 157
    geometry = model.geometry((frames, side, side), length, clean_first=False)
    [moment] = model.moments([500.0], clean_first=False)
    text = torch.zeros(WORDS, REAL.fusion.video.text_dim, device="meta")
    passes = [model.read(text, text), model.read(text, text, skip=1)]
    video = torch.zeros(48, frames, side, side, device="meta")
    audio = torch.zeros(length, 20, device="meta")
    with mode:
        network(video, audio, moment, geometry, passes)


@pytest.mark.parametrize("network", [together, apart])
def test_a_step_has_no_float64_and_nothing_that_the_host_waits_for(model: Fusion, network) -> None:
    watch = Watch("meta")
    step(model, network(model), watch)
    assert "aten.addmm.default" in watch.operators  # it was watching
    assert torch.float64 not in watch.dtypes
    assert torch.complex128 not in watch.dtypes
    assert not watch.waits


@pytest.mark.parametrize("solver", ["unipc", "euler", "dpm++"])
def test_a_whole_run_never_asks_the_device_for_a_number(model: Fusion, solver: SolverName) -> None:
    """Text, times, positions, four steps of the loop and both solvers: the whole of a run but its decoding."""
    frames, side, length = 2, 8, 5
    text = torch.zeros(WORDS, REAL.fusion.video.text_dim, device="meta")
    request = DenoiseRequest(
        video_noise=torch.zeros(48, frames, side, side, device="meta"),
        audio_noise=torch.zeros(length, 20, device="meta"),
        positive=text,
        video_negative=text,
        audio_negative=text,
        first_frame=torch.zeros(48, 1, side, side, device="meta"),
        solver=solver,
        steps=4,
        shift=5.0,
        scales=Scales(),
        skip=1,
    )
    watch = Watch("meta")
    told = []
    with watch:
        latents = Solo(model, together(model))(request, lambda step, total: told.append(step))
    assert told == [0, 1, 2, 3, 4]
    assert latents.video.shape == (48, frames, side, side)
    assert latents.video.dtype == latents.audio.dtype == torch.float32
    assert torch.float64 not in watch.dtypes
    assert not watch.waits


def test_the_watch_sees_what_it_looks_for() -> None:
    watch = Watch("cpu")
    with watch:
        torch.ones(2).double()
        torch.ones(()).item()
    assert torch.float64 in watch.dtypes
    assert watch.waits == {"aten._local_scalar_dense.default"}
    with pytest.raises(RuntimeError, match="device"):
        torch.ones(2, device="cpu") + torch.ones(2, device="meta")
