"""Ovi: an open-weights model that makes picture and sound together, on a card of one's own."""

from typing import Final

from understudy.engines.engine import Availability, LocalEngine

VERSION: Final = "1"
"""Raised when the same inputs and seed give another clip."""

engine: Final = LocalEngine(
    name="ovi",
    version=VERSION,
    preview=False,
    pipeline="understudy.engines.ovi.pipeline:load",
    availability=lambda _: Availability(ok=False, reason="Not built yet."),
    persistent=True,
)
