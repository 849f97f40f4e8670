"""`python -m benchmarks.ovi`: one JSON line for each cell (`cell.py` has the schema), then goals, if it ran on a card.

--variant NAME ...   checkpoints to play; all of them by default
--steps N ...        denoising steps; 50
--preset NAME ...    beside `exact`, which always comes first: the others' errors are told against it
--against PATH       a checkout of character-ai/Ovi: the same cells by its own code, in a process of its own
--tiny               a small model, on the processor: the same way through the code in seconds
--config FILE        another model: an `ovi.json`
--weights DIR        trained weights in place of random ones: what a preset changes can be told with these only
--no-compile         without torch.compile
--graphs             with CUDA graphs
--dtype TYPE         bfloat16 or float32, of the transformer and the text encoder
--out FILE           add the lines to this file, too
"""

import argparse
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec
import torch

from benchmarks.ovi.cell import Cell, Reference
from benchmarks.ovi.goals import figures
from benchmarks.ovi.machine import this_machine
from benchmarks.ovi.measure import Plan, load, measured
from benchmarks.ovi.reference import run_reference
from benchmarks.report import table
from understudy.engines.ovi.config import REAL, OviConfig, config_of
from understudy.engines.ovi.denoise import Latents
from understudy.engines.ovi.presets import PRESETS
from understudy.engines.ovi.weights.tiny import TINY_VARIANT, tiny_config
from understudy.errors import UnderstudyError

Pair = tuple[str, int]
"""A variant and a number of steps."""


class Asked(NamedTuple):
    """What to measure."""

    plan: Plan
    variants: list[str]
    steps: list[int]
    presets: list[str]
    against: Path | None
    against_python: str
    out: Path | None


def main(arguments: list[str]) -> int:
    """Exit code 1 if a goal is missed, 2 if something cannot be measured."""
    asked = _read(arguments)
    cells: list[Cell] = []
    try:
        for cell in _cells(asked):
            line = msgspec.json.encode(cell).decode()
            print(line, flush=True)
            if asked.out is not None:
                with asked.out.open("a", encoding="utf-8") as file:
                    file.write(line + "\n")
            cells.append(cell)
    except UnderstudyError as error:
        print(error, file=sys.stderr)
        return 2
    goals = figures(cells)
    if goals:
        print(table(goals), file=sys.stderr)
    return 0 if all(each.reached for each in goals) else 1


def _cells(asked: Asked) -> Iterator[Cell]:
    pairs = [(variant, steps) for variant in asked.variants for steps in asked.steps]
    # First, and alone: both models together would fill the card.
    references: dict[Pair, Reference | None] = dict.fromkeys(pairs)
    if asked.against is not None:
        for pair in pairs:
            _tell(f"the reference, {pair[0]}, {pair[1]} steps")
            references[pair] = run_reference(asked.against, asked.against_python, asked.plan, *pair)
    exact: dict[Pair, Latents] = {}
    for preset in asked.presets:
        for variant in asked.variants:
            yield from _cells_of(preset, variant, asked, references, exact)


def _cells_of(
    preset: str,
    variant: str,
    asked: Asked,
    references: Mapping[Pair, Reference | None],
    exact: dict[Pair, Latents],
) -> Iterator[Cell]:
    """Those of one engine, which is given back when they are all measured. The first preset fills `exact`."""
    engine = load(asked.plan, preset, variant)
    machine = this_machine(asked.plan.device)
    for steps in asked.steps:
        pair = (variant, steps)
        _tell(f"{preset}, {variant}, {steps} steps")
        cell, latents = measured(engine, machine, *pair, exact.get(pair), references[pair])
        exact.setdefault(pair, latents)
        yield cell


def _read(arguments: list[str]) -> Asked:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.ovi",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--variant", nargs="+", default=[])
    parser.add_argument("--steps", nargs="+", type=int, default=[])
    parser.add_argument("--preset", nargs="+", choices=list(PRESETS), default=[])
    parser.add_argument("--against", type=Path)
    parser.add_argument(
        "--against-python", default=sys.executable, help="the interpreter that has its packages"
    )
    parser.add_argument("--tiny", action="store_true")
    parser.add_argument("--config", type=Path)
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--dtype", choices=["bfloat16", "float32"])
    parser.add_argument("--no-compile", dest="compile", action="store_false")
    parser.add_argument("--graphs", action="store_true")
    parser.add_argument("--out", type=Path)
    read = parser.parse_args(arguments)
    config, device = _config(read), torch.device("cuda")
    if read.tiny or not torch.cuda.is_available():
        device = torch.device("cpu")
    if config is REAL and device.type == "cpu":
        parser.error("there is no card for the real model; --tiny runs everywhere")
    variants = read.variant or ([TINY_VARIANT] if read.tiny else list(config.variants))
    if unknown := set(variants) - set(config.variants):
        parser.error(f"no variant {', '.join(sorted(unknown))}; there are {', '.join(config.variants)}")
    return Asked(
        plan=Plan(
            config,
            device,
            read.dtype or _usual_dtype(device),
            read.compile,
            read.graphs,
            read.weights and str(read.weights),
        ),
        variants=variants,
        steps=read.steps or [4 if read.tiny else 50],
        presets=["exact", *(name for name in read.preset if name != "exact")],
        against=read.against,
        against_python=read.against_python,
        out=read.out,
    )


def _config(read: argparse.Namespace) -> OviConfig:
    if read.weights is not None:
        return config_of(read.weights)
    if read.config is not None:
        return msgspec.json.decode(read.config.read_bytes(), type=OviConfig)
    return tiny_config() if read.tiny else REAL


def _usual_dtype(device: torch.device) -> str:
    return "bfloat16" if device.type == "cuda" else "float32"


def _tell(what: str) -> None:
    print(f"measuring {what} ...", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
