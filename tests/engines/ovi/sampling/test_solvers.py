import json
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import DPMSolverMultistepScheduler, FlowMatchEulerDiscreteScheduler, UniPCMultistepScheduler
from safetensors.torch import load_file
from torch import Tensor

from tests.engines.ovi.golden import GOLDEN
from tests.engines.ovi.watch import Watch
from understudy.engines.ovi.sampling.schedule import Schedule, SolverName, make_schedule
from understudy.engines.ovi.sampling.solvers import make_solver

RECORDED = json.loads((GOLDEN / "sampler" / "trajectories.json").read_text())
SOLVERS: tuple[SolverName, ...] = ("unipc", "dpm++", "euler")
ROUNDING = 5e-7
"""What float32 may cost at one step, for latents up to 4; steps add up as at random."""
FLOW: dict[str, Any] = {
    "prediction_type": "flow_prediction",
    "use_flow_sigmas": True,
    "flow_shift": 5.0,
    "solver_order": 2,
}


def velocity_of(sample: Tensor, timestep: float) -> Tensor:
    """The closed-form model that the trajectories were recorded with."""
    return 0.35 * sample + 0.8 * torch.sin(torch.tensor(3 * timestep / 1000)) * torch.cos(sample)


def noise(seed: int, *shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def distance(ours: Tensor, theirs: Tensor) -> float:
    assert ours.shape == theirs.shape
    return float((ours - theirs).abs().max())


def scheduler_of(solver: SolverName, schedule: Schedule) -> Any:
    """diffusers' own of the same method on the same grid; its arithmetic is in float64, so that it has no part in errors."""
    scheduler: Any
    if solver == "euler":
        scheduler = FlowMatchEulerDiscreteScheduler(shift=5.0)
        scheduler.set_timesteps(schedule.steps)
    elif solver == "unipc":
        scheduler = UniPCMultistepScheduler(solver_type="bh2", **FLOW)
        scheduler.set_timesteps(sigmas=np.linspace(float(np.float32(0.999)), 0, schedule.steps + 1)[:-1])
    else:
        scheduler = DPMSolverMultistepScheduler(algorithm_type="dpmsolver++", **FLOW)
        scheduler.set_timesteps(schedule.steps)
        scheduler.timesteps = torch.tensor(schedule.timesteps, dtype=torch.int64)
        scheduler.sigmas = torch.tensor(schedule.sigmas)
    scheduler.sigmas = scheduler.sigmas.double()
    return scheduler


@pytest.mark.parametrize("entry", RECORDED, ids=lambda entry: entry["file"])
def test_agrees_with_the_recorded_steps(entry: dict[str, Any]) -> None:
    recorded = load_file(GOLDEN / "sampler" / entry["file"])
    solver = make_solver(entry["solver"], make_schedule(entry["solver"], entry["steps"], entry["shift"]))
    sample = recorded["x_initial"]
    for velocity, expected in zip(recorded["model_output"], recorded["x_after_step"], strict=True):
        sample = solver.step(sample, velocity)
        assert distance(sample, expected) <= 1.5e-6


@pytest.mark.parametrize("entry", RECORDED, ids=lambda entry: entry["file"])
def test_agrees_with_the_recorded_trajectories(entry: dict[str, Any]) -> None:
    recorded = load_file(GOLDEN / "sampler" / entry["file"])
    schedule = make_schedule(entry["solver"], entry["steps"], entry["shift"])
    solver = make_solver(entry["solver"], schedule)
    sample = recorded["x_initial"]
    for timestep, expected in zip(schedule.timesteps, recorded["x_after_step"], strict=True):
        sample = solver.step(sample, velocity_of(sample, timestep))
        assert distance(sample, expected) <= 1.5e-6


@pytest.mark.filterwarnings(
    "ignore:__array__ implementation:DeprecationWarning"
)  # diffusers' own, of numpy 2
@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("steps", [1, 2, 3, 4, 10, 13, 30, 50, 100])
def test_agrees_with_diffusers(solver: SolverName, steps: int) -> None:
    schedule = make_schedule(solver, steps, 5.0)
    ours, theirs = make_solver(solver, schedule), scheduler_of(solver, schedule)
    sample = noise(steps, 16, 64)
    expected = sample.double()
    for step, timestep in enumerate(theirs.timesteps):
        # Random ones too: they have differences, of all orders, that a smooth model does not.
        velocity = velocity_of(sample, float(timestep)) + 0.1 * noise(1000 + step, 16, 64)
        sample = ours.step(sample, velocity)
        expected = theirs.step(velocity.double(), timestep, expected, return_dict=False)[0]
        assert expected.dtype == torch.float64
        assert distance(sample.double(), expected) <= ROUNDING * steps**0.5


@pytest.mark.parametrize("solver", SOLVERS)
def test_one_step_leads_to_the_clean_latent(solver: SolverName) -> None:
    schedule = make_schedule(solver, 1, 5.0)
    sample, velocity = noise(1, 4, 5), noise(2, 4, 5)
    result = make_solver(solver, schedule).step(sample, velocity)
    torch.testing.assert_close(result, sample - schedule.sigmas[0] * velocity, rtol=0, atol=1e-6)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("steps", [2, 3, 4, 50])
def test_a_straight_flow_is_followed_exactly(solver: SolverName, steps: int) -> None:
    clean, dirt = noise(1, 4, 5), noise(2, 4, 5)
    schedule = make_schedule(solver, steps, 5.0)
    ours = make_solver(solver, schedule)
    sample = clean + schedule.sigmas[0] * (dirt - clean)
    for sigma in schedule.sigmas[1:]:
        sample = ours.step(sample, dirt - clean)
        assert distance(sample, clean + sigma * (dirt - clean)) <= 5e-6


@pytest.mark.parametrize("solver", SOLVERS)
def test_latents_stay_in_float32_whatever_the_network_says_them_in(solver: SolverName) -> None:
    schedule = make_schedule(solver, 4, 5.0)
    ours, precise = make_solver(solver, schedule), make_solver(solver, schedule)
    sample = expected = noise(1, 4, 5)
    for step in range(4):
        velocity = noise(10 + step, 4, 5).bfloat16()
        sample, expected = ours.step(sample, velocity), precise.step(expected, velocity.float())
        assert sample.dtype == torch.float32
        assert torch.equal(sample, expected)


@pytest.mark.parametrize("solver", SOLVERS)
def test_what_a_step_is_given_is_left_as_it_was(solver: SolverName) -> None:
    ours = make_solver(solver, make_schedule(solver, 5, 5.0))
    sample = noise(1, 4, 5)
    seen = []
    for step in range(5):
        velocity = noise(10 + step, 4, 5)
        seen += [(sample, sample.clone()), (velocity, velocity.clone())]
        sample = ours.step(sample, velocity)
    assert all(torch.equal(now, before) for now, before in seen)


@pytest.mark.parametrize("solver", SOLVERS)
def test_two_runs_share_nothing(solver: SolverName) -> None:
    schedule = make_schedule(solver, 5, 5.0)
    alone, first, second = (make_solver(solver, schedule) for _ in range(3))
    sample = beside = other = noise(1, 4, 5)
    for step in range(5):
        velocity = noise(10 + step, 4, 5)
        sample = alone.step(sample, velocity)
        beside, other = first.step(beside, velocity), second.step(other, -velocity)
        assert torch.equal(beside, sample)


@pytest.mark.parametrize("solver", SOLVERS)
def test_there_is_no_step_after_the_last(solver: SolverName) -> None:
    ours = make_solver(solver, make_schedule(solver, 1, 5.0))
    ours.step(noise(1, 4, 5), noise(2, 4, 5))
    with pytest.raises(IndexError):
        ours.step(noise(1, 4, 5), noise(2, 4, 5))


@pytest.mark.parametrize(("solver", "most"), [("unipc", 8), ("dpm++", 4), ("euler", 1)])
def test_a_step_is_a_handful_of_operations_that_wait_for_nothing(solver: SolverName, most: int) -> None:
    ours = make_solver(solver, make_schedule(solver, 10, 5.0))
    sample = noise(1, 4, 5)
    for step in range(10):
        velocity = noise(10 + step, 4, 5)
        with Watch("cpu") as watch:
            sample = ours.step(sample, velocity)
        assert 0 < len(watch.operators) <= most
        assert not watch.waits
        assert watch.dtypes == {torch.float32}


@pytest.mark.parametrize("solver", SOLVERS)
def test_needs_no_data(solver: SolverName) -> None:
    ours = make_solver(solver, make_schedule(solver, 5, 5.0))
    sample = torch.empty(48, 31, 44, 44, device="meta")
    for _ in range(5):
        sample = ours.step(sample, torch.empty_like(sample, dtype=torch.bfloat16))
    assert sample.shape == (48, 31, 44, 44)
    assert sample.dtype == torch.float32
    assert sample.is_meta
