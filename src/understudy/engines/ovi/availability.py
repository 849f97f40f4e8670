"""Whether Ovi can run here: asked before every run, so nothing heavy is imported, and no weights are read."""

from collections.abc import Mapping
from typing import Final

from understudy.engines import lacking
from understudy.engines.engine import Availability
from understudy.engines.ovi.config import config_of
from understudy.engines.ovi.options import Options, read_options
from understudy.engines.ovi.parallel.arrangement import arrange
from understudy.engines.ovi.weights.layout import missing, remedy
from understudy.engines.ovi.weights.sources import REPOSITORIES
from understudy.errors import ConfigurationError, EngineUnavailable

PACKAGES: Final = ("torch", "diffusers", "transformers", "tokenizers", "safetensors", "ftfy")
RESTRICTIONS: Final = " ".join(each.notice for each in REPOSITORIES if not each.commercial)
"""Told as long as the engine is in use: the weights' licences go with its clips."""


def availability(options: Mapping[str, object]) -> Availability:
    """What is missing, and what to do about it."""
    try:
        return _answer(read_options(options))
    except (EngineUnavailable, ConfigurationError) as error:
        return Availability(ok=False, reason=str(error), remedy="Correct the settings of [engine.ovi].")


def labels(options: Mapping[str, object]) -> dict[str, str]:
    """How it plays, for the answers of runs."""
    read = read_options(options)
    rounded = {"memory": read.memory} if read.memory == "float8" else {}
    return {"preset": read.preset, "variant": read.variant, **rounded}


def _answer(options: Options) -> Availability:
    if lacks := lacking.packages(PACKAGES, "ovi"):
        return lacks
    files = missing(options.folder, options.variant)
    if files:
        named = ", ".join(file.here for file in files)
        return Availability(
            ok=False,
            reason=f"Weights are missing from its folder: {named}.",
            remedy=f"{remedy(options.variant)} {RESTRICTIONS}",
        )
    if options.gpus > 1:
        arrange(options.gpus, config_of(options.folder).fusion.video.heads)
    return lacking.card(options.device, "ovi") or Availability(ok=True, remedy=RESTRICTIONS)
