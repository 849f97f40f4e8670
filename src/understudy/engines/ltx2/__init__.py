"""LTX-2: Lightricks' open-weights model that makes picture and sound together, played by diffusers' own pipelines.

Its parts: `options` and `weights` (what the operator has), `stage` (the loaded model), `picture` (the first frame),
`watch` (progress, and where a run is stopped) and `pipeline`, which makes a clip of it all. What is asked of it is
mapped in `engines.mappings.ltx2`; `tiny` writes a model for tests.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from understudy.engines.engine import LocalEngine, has_prompt
from understudy.engines.late import late

VERSION: Final = "1"
"""Raised when the same inputs and seed give another clip."""


def _defaults(data: Path) -> Mapping[str, object]:
    return {"weights": str(data / "weights" / "ltx2")}


engine: Final = LocalEngine(
    name="ltx2",
    version=VERSION,
    pipeline="understudy.engines.ltx2.pipeline:load",
    availability=late("understudy.engines.ltx2.availability:availability"),
    labels=late("understudy.engines.ltx2.availability:labels"),
    defaults=_defaults,
    plays=has_prompt,
    treats=late("understudy.engines.ltx2.availability:treats"),
    gpus=1,
    # Two bytes for each of LTX-2's 19 and Gemma 3's 12 billion parameters, and what is small beside them.
    memory_gb=70,
    persistent=True,
)
