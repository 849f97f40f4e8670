"""Whether LTX-2 can run here, and how it would: asked before every run, so nothing heavy is imported, no weights read."""

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from understudy.engines.cards import has_card
from understudy.engines.engine import Availability, Contract, Treatment
from understudy.engines.ltx2.options import Options, read_options
from understudy.engines.ltx2.weights import LICENCE, located, missing, remedy
from understudy.engines.mappings.ltx2 import treated
from understudy.engines.mappings.treatments import treatments
from understudy.errors import EngineUnavailable

PACKAGES: Final = ("torch", "diffusers", "transformers", "safetensors")


def availability(options: Mapping[str, object]) -> Availability:
    """What is missing, and what to do about it."""
    try:
        return _answer(read_options(options))
    except EngineUnavailable as error:
        return Availability(ok=False, reason=str(error), remedy="Correct the settings of [engine.ltx2].")


def labels(options: Mapping[str, object]) -> dict[str, str]:
    """Which weights play, for the answers of runs: a repository's id, or a folder's own name."""
    weights = read_options(options).weights
    return {"weights": Path(weights).name if Path(weights).is_absolute() else weights}


def treats(contract: Contract, options: Mapping[str, object]) -> tuple[Treatment, ...]:
    """What becomes of each input of a contract. Raises `EngineUnavailable` for options that cannot be used."""
    return treatments(contract, treated(read_options(options).limits))


def _answer(options: Options) -> Availability:
    needed = (*PACKAGES, "accelerate") if options.memory == "offload" else PACKAGES
    absent = [name for name in needed if find_spec(name) is None]
    if absent:
        return Availability(
            ok=False,
            reason=f"The packages it needs are not installed: {', '.join(absent)}.",
            remedy='Run: pip install "understudy[ltx2]"',
        )
    folder = located(options.weights)
    if folder is None:
        return Availability(
            ok=False,
            reason="There are no weights where its option weights points.",
            remedy=remedy(options.weights),
        )
    if files := missing(folder):
        return Availability(
            ok=False,
            reason=f"Weights are missing from its folder: {', '.join(files)}.",
            remedy=remedy(options.weights),
        )
    if options.device != "cpu" and not has_card():
        return Availability(
            ok=False,
            reason="There is no NVIDIA card here, or its driver is not installed.",
            remedy='Run it where there is one. (device = "cpu" in [engine.ltx2] is for small test models.)',
        )
    return Availability(ok=True, remedy=LICENCE)
