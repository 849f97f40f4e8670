"""Ovi: an open-weights model that makes picture and sound together, on a card of one's own.

Reading order: `config` (figures), `transformer` (the network), `sampling`, `guidance`, `denoise` and `denoiser` (the loop),
`text`, `video_vae`, `audio` (what surrounds it), `contracts`, `prompt`, `picture`, `sizes` (what is asked for), and `stage` and
`pipeline`, which make a clip of it all. Beside the way: `weights` (files), `memory` (small cards), `parallel` (several cards),
`presets`, `step_cache` and `graphs` (speed), `verify` (recordings of the reference).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from understudy.engines.engine import Availability, Contract, LocalEngine, Treatment

VERSION: Final = "1"
"""Raised when the same inputs and seed give another clip."""


# What the server asks is imported when it asks: a server without this engine in its cast should not pay for it.
def _availability(options: Mapping[str, object]) -> Availability:
    from understudy.engines.ovi.availability import availability

    return availability(options)


def _labels(options: Mapping[str, object]) -> Mapping[str, str]:
    from understudy.engines.ovi.availability import labels

    return labels(options)


def _treats(contract: Contract, options: Mapping[str, object]) -> Sequence[Treatment]:
    from understudy.engines.ovi.treats import treats

    return treats(contract, options)


def _defaults(data: Path) -> Mapping[str, object]:
    from understudy.engines.ovi.weights.layout import weights_folder

    return {"weights": str(weights_folder({}, data))}


engine: Final = LocalEngine(
    name="ovi",
    version=VERSION,
    preview=False,
    pipeline="understudy.engines.ovi.pipeline:load",
    availability=_availability,
    labels=_labels,
    defaults=_defaults,
    treats=_treats,
    gpus=1,
    persistent=True,
)
