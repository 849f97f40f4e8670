"""Ovi: an open-weights model that makes picture and sound together, on a card of one's own.

Reading order: `config` (figures), `transformer` (the network), `sampling`, `guidance`, `denoise` and `denoiser` (the loop),
`text`, `video_vae`, `audio` (what surrounds it), `contracts`, `prompt`, `picture`, `sizes` (what is asked for), and `stage` and
`pipeline`, which make a clip of it all. Beside the way: `weights` (files), `memory` (small cards), `parallel` (several cards),
`presets`, `step_cache` and `graphs` (speed), `verify` (recordings of the reference).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from understudy.engines.engine import LocalEngine
from understudy.engines.late import late

VERSION: Final = "1"
"""Raised when the same inputs and seed give another clip."""


def _defaults(data: Path) -> Mapping[str, object]:
    from understudy.engines.ovi.weights.layout import weights_folder

    return {"weights": str(weights_folder({}, data))}


engine: Final = LocalEngine(
    name="ovi",
    version=VERSION,
    preview=False,
    pipeline="understudy.engines.ovi.pipeline:load",
    availability=late("understudy.engines.ovi.availability:availability"),
    labels=late("understudy.engines.ovi.availability:labels"),
    defaults=_defaults,
    treats=late("understudy.engines.ovi.treats:treats"),
    gpus=1,
    persistent=True,
)
