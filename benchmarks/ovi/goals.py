"""What the engine holds itself to on one H200, and how a run of the benchmark stands to it."""

from collections.abc import Iterable, Iterator

from benchmarks.ovi.cell import Cell
from benchmarks.report import Figure

STEPS = 50
"""All goals are for this many steps, without a preset."""


def figures(cells: Iterable[Cell]) -> list[Figure]:
    """Each goal that the cells say something about. None without a card: they are meant for an H200."""
    return [
        figure
        for cell in cells
        if cell.machine.memory_bytes is not None and cell.preset == "exact" and cell.steps == STEPS
        for figure in _of(cell)
    ]


def _of(cell: Cell) -> Iterator[Figure]:
    if cell.variant == "720x720_5s":
        assert cell.arithmetic.of_bound is not None
        yield _figure(cell, "loop, share of the bfloat16 bound", cell.arithmetic.of_bound, 0.65, "%", True)
        yield _figure(cell, "loop", cell.loop, 45)
        yield _figure(cell, "video decoding", cell.video_decode, 3)
    if cell.variant == "960x960_5s":
        yield _figure(cell, "end to end", cell.total, 100)
    elif cell.reference is not None:
        yield _figure(
            cell, "end to end, of the reference's time", cell.total / cell.reference.total, 0.5, "%"
        )
    yield _figure(cell, "cancel, in steps", cell.cancel.returned / cell.step.median, 1, "")


def _figure(
    cell: Cell, what: str, measured: float, goal: float, unit: str = "s", at_least: bool = False
) -> Figure:
    return Figure(what=f"{cell.variant}: {what}", measured=measured, goal=goal, unit=unit, at_least=at_least)
