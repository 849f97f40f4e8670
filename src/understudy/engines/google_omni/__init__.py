"""Gemini Omni, the successor of Veo, through the Interactions API.

Reading order: `options`, `engines.mappings.google_omni` (what is asked for), `interactions` (what is answered), `adapter`.
"""

from typing import Final

from understudy.engines.engine import Contract, RemoteEngine
from understudy.engines.late import late

VERSION: Final = "1"


def _plays(contract: Contract) -> bool:
    return "prompt" in contract.input_ids


engine: Final = RemoteEngine(
    name="google_omni",
    version=VERSION,
    partner="understudy.engines.google_omni.adapter:partner",
    availability=late("understudy.engines.google_omni.options:available"),
    plays=_plays,
    labels=late("understudy.engines.google_omni.options:labels"),
    treats=late("understudy.engines.google_omni.options:treats"),
    cancels=lambda _: True,
)
