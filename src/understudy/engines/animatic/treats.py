"""What becomes of each input of a model when it is drawn as an animatic: the same rules as `contracts`, as rows."""

from collections.abc import Mapping
from typing import Final

from understudy.engines.engine import Contract, Treatment
from understudy.engines.mappings.treatments import Row, first_of

_PROMPT: Final[Row] = (
    "approximated",
    "Drawn is what is found in it: lines, sounds, movements of the camera, places, the time of day.",
)
_PICTURE: Final[Row] = ("honoured", "It is the scene, cut to the clip's shape, and the camera moves over it.")
_SEED: Final[Row] = ("honoured", "")
_EXACT: Final[Row] = ("honoured", "")
_NOT_DRAWN: Final[Row] = ("dropped", "Nothing is drawn from it.")

_KNOWN: Final[Mapping[str, Mapping[str, Row]]] = {
    "openai/sora-2-pro": {
        "inputImage": _PICTURE,
        "prompt": _PROMPT,
        "seconds": _EXACT,
        "resolution": _EXACT,
        "ratio": _EXACT,
    },
    "google/veo3-1": {
        "inputImage": _PICTURE,
        "prompt": _PROMPT,
        "generateAudio": _EXACT,
        "aspectRatio": _EXACT,
        "resolution": _EXACT,
        "seed": _SEED,
        "durationSeconds": _EXACT,
    },
    "chetwinlow1/ovi": {
        "inputImage": _PICTURE,
        "prompt": _PROMPT,
        "resolution": _EXACT,
        "seed": _SEED,
    },
}
_USUAL: Final[tuple[tuple[tuple[str, ...], Row], ...]] = (
    (("prompt", "text", "description"), _PROMPT),
    (("resolution", "size"), ("honoured", "Sides of 64 to 4096 pixels, even ones.")),
    (("aspectRatio", "aspect_ratio", "ratio"), ("honoured", "Unless the size is named in pixels.")),
    (("seconds", "durationSeconds", "duration"), ("honoured", "From 1 to 60 seconds.")),
    (("fps",), ("honoured", "From 8 to 60 frames a second.")),
    (("generateAudio",), _EXACT),
    (("seed",), _SEED),
)
"""Of models that are not known by name: names that mean the same, the one that is read first."""
_USUAL_PICTURES: Final = frozenset({"inputImage", "image"})


def treats(contract: Contract, options: Mapping[str, object]) -> tuple[Treatment, ...]:
    """A row for each input, in their order. There are no options."""
    known = _KNOWN.get(contract.address)
    rows = _usual(contract.input_ids) if known is None else known
    return tuple(Treatment(name, *rows.get(name, _NOT_DRAWN)) for name in contract.input_ids)


def _usual(names: tuple[str, ...]) -> dict[str, Row]:
    rows: dict[str, Row] = {name: _PICTURE for name in names if name in _USUAL_PICTURES}
    for same, row in _USUAL:
        rows |= first_of(same, names, row)
    return rows
