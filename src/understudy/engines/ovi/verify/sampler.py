"""Grids of times and noise levels, and the ways that the solvers take over them."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple, cast, get_args

import torch
from torch import Tensor

from understudy.engines.ovi.sampling.schedule import TRAINED, Schedule, SolverName, grid_of
from understudy.engines.ovi.sampling.solvers import make_solver
from understudy.engines.ovi.verify import formula
from understudy.engines.ovi.verify.case import Case, Limit, Measure, Unreadable, Where, compare, equal
from understudy.engines.ovi.verify.files import entries, needed, read_json, read_tensors

SIGMAS: Final = Limit("max abs", 2e-7)
TIMES: Final = Limit("max abs", TRAINED * SIGMAS.most)
"""For times that are no whole numbers: they are the noise levels, scaled."""
LATENTS: Final = Limit("max abs", 5e-6)

_OTHER_SHIFTS: Final = "_other_shifts"


class Grid(NamedTuple):
    """A recorded grid, and what it was made for."""

    solver: str
    shift: float
    timesteps: Sequence[float]
    sigmas: Sequence[float]


def schedules(path: Path, where: Where) -> Iterator[Case]:
    """Every grid of a `schedules.json`."""
    for grid in _grids(read_json(path)):
        name = f"{grid.solver}, {len(grid.timesteps)} steps, shift {grid.shift:g}"
        yield Case(f"sampler/{name}", partial(_compare_grid, grid))


def trajectories(path: Path, where: Where) -> Iterator[Case]:
    """Every run of a `trajectories.json`."""
    for name, run in entries(read_json(path), "file"):
        file = path.parent / str(run.get("file", f"{name}.safetensors"))
        yield Case(f"sampler/{file.stem}", partial(_trajectory, file, run, where))


def schedule_of(solver: str, steps: int, shift: float) -> Schedule:
    """Ours. Raises `Unreadable` for a solver that does not exist here."""
    return grid_of(_solver_name(solver), steps, shift)


def compare_times(what: str, found: Sequence[float], recorded: Sequence[float]) -> Iterator[Measure]:
    """Whole numbers have to be the same; others have a tolerance."""
    if len(found) != len(recorded):
        yield equal(what, [("steps", len(found), len(recorded))])
    elif all(float(time).is_integer() for time in recorded):
        pairs = enumerate(zip(found, recorded, strict=True))
        yield equal(what, [(f"step {step}", float(ours), float(theirs)) for step, (ours, theirs) in pairs])
    else:
        yield from compare(what, _vector(found), _vector(recorded), TIMES)


def _grids(document: dict[str, Any]) -> Iterator[Grid]:
    usual = document.get("shift", 5.0)
    for solver, grids in document.get("schedules", {}).items():
        for _, record in entries(grids, "steps"):
            yield _grid(record, solver, usual)
    for name, grids in document.items():
        if name.endswith(_OTHER_SHIFTS):
            solver = name.removesuffix(_OTHER_SHIFTS)
            shifts = grids.items() if isinstance(grids, dict) else entries(grids, "shift")
            for shift, found in shifts:
                # Of one number of steps, or of several.
                several = {"": found} if "timesteps" in found else found
                yield from (_grid(record, solver, shift) for _, record in entries(several, "steps"))


def _grid(record: dict[str, Any], solver: str, shift: str | float) -> Grid:
    """`shift`: unless the record has its own."""
    own: Any = record.get("shift", shift)
    return Grid(record.get("solver", solver), float(own), record["timesteps"], record["sigmas"])


def _compare_grid(grid: Grid) -> Iterator[Measure]:
    ours = schedule_of(grid.solver, len(grid.timesteps), grid.shift)
    yield from compare_times("timesteps", ours.timesteps, grid.timesteps)
    yield from compare("sigmas", _vector(ours.sigmas), _vector(grid.sigmas), SIGMAS)


def _trajectory(path: Path, run: dict[str, Any], where: Where) -> Iterator[Measure]:
    """Our solver on our own grid, led by the recorded model; where its formula is not known, by its recorded outputs."""
    data = read_tensors(path)
    timesteps = needed(data, "timesteps").tolist()
    grid = Grid(run["solver"], run.get("shift", 5.0), timesteps, needed(data, "sigmas").tolist())
    yield from _compare_grid(grid)
    schedule = schedule_of(grid.solver, len(timesteps), grid.shift)
    solver = make_solver(_solver_name(grid.solver), schedule)
    x = needed(data, "x_initial").to(where.device)
    outputs = data.get("model_output")
    try:
        model, note = formula.parse(str(run.get("model", ""))), ""
    except Unreadable as error:
        if outputs is None:
            raise
        model, note = None, f"{error.message} Recorded outputs were used."
    states: list[Tensor] = []
    for step, t in enumerate(timesteps):
        velocity = needed(data, "model_output")[step].to(x) if model is None else model(x, t)
        x = solver.step(x, velocity)
        states.append(x)
    yield from compare("x_after_step", torch.stack(states), needed(data, "x_after_step"), LATENTS, note=note)


def _solver_name(solver: str) -> SolverName:
    if solver not in get_args(SolverName):
        raise Unreadable(f"There is no solver {solver!r} here; there are {', '.join(get_args(SolverName))}.")
    return cast(SolverName, solver)


def _vector(numbers: Sequence[float]) -> Tensor:
    return torch.tensor([float(number) for number in numbers], dtype=torch.float64)
