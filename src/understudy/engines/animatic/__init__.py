"""The built-in renderer: a timed preview with sound, made from the inputs alone, on any machine, in seconds.

Its parts: `contracts` (what is asked for), `prompt` (what the words say), `timeline` (when it happens), `picture`,
`sound`, and `pipeline`, which brings them together.
"""

import os
from typing import Final

from understudy.engines.engine import LocalEngine
from understudy.engines.late import late

VERSION: Final = "1"
"""Raised when the same inputs and seed give another clip."""


engine: Final = LocalEngine(
    name="animatic",
    version=VERSION,
    preview=True,
    pipeline="understudy.engines.animatic.pipeline:load",
    # One run keeps two cores busy: one draws, one encodes.
    replicas=max(1, (os.cpu_count() or 1) // 2),
    memory_gb=0.5,
    treats=late("understudy.engines.animatic.treats:treats"),
)
