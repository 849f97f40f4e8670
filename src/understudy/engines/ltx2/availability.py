"""Whether LTX-2 can run here, and how it would: asked before every run, so nothing heavy is imported, no weights read."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from understudy.engines import lacking
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


def needed(options: Options) -> tuple[str, ...]:
    """The packages without which it cannot run with these options."""
    return (*PACKAGES, "accelerate") if options.memory == "offload" else PACKAGES


def _answer(options: Options) -> Availability:
    if lacks := lacking.packages(needed(options), "ltx2"):
        return lacks
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
    return lacking.card(options.device, "ltx2") or Availability(ok=True, remedy=LICENCE)
