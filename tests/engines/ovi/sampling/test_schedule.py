import json
from itertools import pairwise

import msgspec
import numpy as np
import pytest
from diffusers import FlowMatchEulerDiscreteScheduler, UniPCMultistepScheduler

from tests.engines.ovi.golden import GOLDEN
from understudy.engines.ovi.sampling.schedule import Schedule, SolverName, grid_of, make_schedule
from understudy.errors import EngineInputError

RECORDED = json.loads((GOLDEN / "sampler" / "schedules.json").read_text())
GRIDS = RECORDED["schedules"]
FIRST = float(np.float32(0.999))


def assert_agrees(schedule: Schedule, recorded: dict[str, list[float]]) -> None:
    assert schedule.timesteps == tuple(recorded["timesteps"])
    np.testing.assert_allclose(schedule.sigmas, recorded["sigmas"], rtol=0, atol=2e-7)
    assert schedule.sigmas[-1] == 0
    assert len(schedule.sigmas) == schedule.steps + 1


@pytest.mark.parametrize(
    ("solver", "steps"), [(solver, int(steps)) for solver in GRIDS for steps in GRIDS[solver]]
)
def test_agrees_with_the_recorded_grids(solver: SolverName, steps: int) -> None:
    assert_agrees(make_schedule(solver, steps, RECORDED["shift"]), GRIDS[solver][str(steps)])


@pytest.mark.parametrize("shift", RECORDED["unipc_other_shifts"])
def test_agrees_with_the_recorded_grids_of_other_shifts(shift: str) -> None:
    recorded = RECORDED["unipc_other_shifts"][shift]
    assert_agrees(make_schedule("unipc", recorded["steps"], float(shift)), recorded)


@pytest.mark.parametrize("shift", [1.0, 3.0, 5.0])
def test_unipc_is_the_grid_of_diffusers_to_the_bit(shift: float) -> None:
    scheduler = UniPCMultistepScheduler(
        prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=shift, final_sigmas_type="zero"
    )
    for steps in range(1, 212):
        scheduler.set_timesteps(sigmas=np.linspace(FIRST, 0, steps + 1)[:-1])
        schedule = make_schedule("unipc", steps, shift)
        assert schedule.timesteps == tuple(scheduler.timesteps.tolist())
        assert schedule.sigmas == tuple(scheduler.sigmas.tolist())


@pytest.mark.parametrize("shift", [1.0, 3.3, 5.0, 7.5])
def test_euler_is_the_grid_of_diffusers_to_the_bit(shift: float) -> None:
    scheduler = FlowMatchEulerDiscreteScheduler(shift=shift)
    for steps in range(1, 212):
        scheduler.set_timesteps(steps)
        schedule = make_schedule("euler", steps, shift)
        assert schedule.timesteps == tuple(scheduler.timesteps.tolist())
        assert schedule.sigmas == tuple(scheduler.sigmas.tolist())


@pytest.mark.parametrize("steps", [1, 2, 3, 4, 50, 226])
def test_dpm_starts_from_pure_noise(steps: int) -> None:
    levels = np.linspace(1, 0, steps + 1)[:-1]
    sigmas = 5 * levels / (1 + 4 * levels)
    schedule = make_schedule("dpm++", steps, 5.0)
    assert schedule.timesteps == tuple((1000 * sigmas).astype(np.int64).tolist())
    assert schedule.timesteps[0] == 1000
    np.testing.assert_array_equal(np.float32(schedule.sigmas[:-1]), sigmas.astype(np.float32))


@pytest.mark.parametrize(("solver", "shift"), [("unipc", 1.0), ("dpm++", 5.0), ("euler", 5.0)])
def test_noise_levels_are_those_of_a_float32(solver: SolverName, shift: float) -> None:
    sigmas = make_schedule(solver, 30, shift).sigmas
    assert all(float(np.float32(sigma)) == sigma for sigma in sigmas)


@pytest.mark.parametrize(
    ("solver", "shift", "most"),
    [
        ("unipc", 5.0, 211),
        ("unipc", 7.5, 141),
        ("dpm++", 5.0, 226),
        ("dpm++", 1.0, 999),
        ("euler", 5.0, 1000),
    ],
)
def test_a_number_of_steps_that_the_grid_cannot_have_is_refused(
    solver: SolverName, shift: float, most: int
) -> None:
    timesteps = make_schedule(solver, most, shift).timesteps
    assert all(before > after for before, after in pairwise(timesteps))
    for steps in (-1, 0, most + 1, 10**9):
        with pytest.raises(EngineInputError, match=f"^{steps} steps .* 1 to {most}"):
            make_schedule(solver, steps, shift)


@pytest.mark.parametrize("shift", [0.0, -1.0, 1e-40, 1e40, float("inf"), float("nan")])
def test_a_shift_that_makes_no_grid_is_refused(shift: float) -> None:
    with pytest.raises(EngineInputError, match=r"0\.01 to 100"):
        make_schedule("unipc", 10, shift)


def test_a_schedule_does_not_change() -> None:
    schedule = make_schedule("unipc", 10, 5.0)
    with pytest.raises(AttributeError):
        schedule.sigmas = ()  # type: ignore[misc]
    assert msgspec.json.decode(msgspec.json.encode(schedule), type=Schedule) == schedule


def test_a_grid_that_cannot_be_played_can_be_compared() -> None:
    """From 251 steps on, the first two times are the same: the reference begins one step late there."""
    grid = grid_of("unipc", 251, 5.0)
    assert grid.timesteps[0] == grid.timesteps[1] == 999
    assert len(grid.sigmas) == 252
    assert grid_of("unipc", 30, 5.0) == make_schedule("unipc", 30, 5.0)
