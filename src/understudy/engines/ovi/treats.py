"""What becomes of each input of a model when Ovi plays it: the same rules as `contracts`, as rows. No torch."""

from collections.abc import Mapping
from typing import Final

from understudy.engines.engine import Contract, Treatment
from understudy.engines.mappings.treatments import Row, first_of
from understudy.engines.ovi.config import config_of
from understudy.engines.ovi.contracts import IMAGES, OVI, PROMPTS, SORA, VEO
from understudy.engines.ovi.options import read_options

_PLAYED: Final[Row] = ("honoured", "")
_PROMPT: Final[Row] = ("honoured", "Spoken lines and sounds are put into Ovi's own tags.")
_PICTURE: Final[Row] = ("honoured", "The first frame, cut to a size that is named.")
_NEGATIVE: Final[Row] = ("honoured", "If it is empty, the text of Ovi's makers takes its place.")
_STEPS: Final[Row] = ("honoured", "From 1 to 100.")
_SHAPE: Final[Row] = ("approximated", "Its shape is kept; the area is the checkpoint's.")
_RATIO: Final[Row] = ("approximated", "Both sides are multiples of 32 pixels.")
_AREA: Final[Row] = ("dropped", "Every frame has the checkpoint's area.")
_UNKNOWN: Final[Row] = ("dropped", "It has nothing like it.")

_USUAL: Final[tuple[tuple[tuple[str, ...], Row | None], ...]] = (
    (PROMPTS, _PROMPT),
    (("negativePrompt", "negative_prompt"), _NEGATIVE),
    (("audioNegativePrompt",), _NEGATIVE),
    (("resolution", "size"), _SHAPE),
    (("aspectRatio", "aspect_ratio", "ratio"), ("approximated", "Unless the size is named in pixels.")),
    (("steps", "inferenceSteps", "num_inference_steps"), _STEPS),
    (("seconds", "durationSeconds", "duration"), None),
    (("generateAudio",), _PLAYED),
    (("seed",), _PLAYED),
)
"""Of models that are not known by name: names that mean the same, the one that is read first. None: the length."""


def treats(contract: Contract, options: Mapping[str, object]) -> tuple[Treatment, ...]:
    """A row for each input, in their order. Raises `EngineUnavailable` for options that cannot be used."""
    read = read_options(options)
    variant = config_of(read.folder).variants.get(read.variant)
    length = f", {variant.seconds:.2f} s" if variant else ""
    rows = _rows(contract, ("dropped", f"Every clip has the checkpoint's length{length}."))
    return tuple(Treatment(name, *rows.get(name, _UNKNOWN)) for name in contract.input_ids)


def _rows(contract: Contract, length: Row) -> Mapping[str, Row]:
    if contract.address == OVI:
        return {
            "inputImage": _PICTURE,
            "prompt": _PROMPT,
            "negativePrompt": _PLAYED,
            "audioNegativePrompt": _PLAYED,
            "resolution": _SHAPE,
            "steps": _STEPS,
            "seed": _PLAYED,
        }
    if contract.address == VEO:
        return {
            "inputImage": _PICTURE,
            "prompt": _PROMPT,
            "generateAudio": _PLAYED,
            "aspectRatio": _RATIO,
            "resolution": _AREA,
            "negativePrompt": _NEGATIVE,
            "enhancePrompt": ("dropped", "The prompt is taken as it is written."),
            "personGeneration": ("dropped", "Nothing keeps people out of the picture."),
            "seed": _PLAYED,
            "durationSeconds": length,
        }
    if contract.address == SORA:
        return {
            "inputImage": _PICTURE,
            "prompt": _PROMPT,
            "seconds": length,
            "resolution": _AREA,
            "ratio": _RATIO,
        }
    return _usual(contract.input_ids, length)


def _usual(names: tuple[str, ...], length: Row) -> dict[str, Row]:
    first, *others = [name for name in IMAGES if name in names] or [""]
    rows: dict[str, Row] = {first: _PICTURE} | dict.fromkeys(
        others, ("approximated", f"Played if {first} is not given.")
    )
    for same, row in _USUAL:
        rows |= first_of(same, names, row or length)
    return rows
