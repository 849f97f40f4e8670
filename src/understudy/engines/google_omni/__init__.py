"""Gemini Omni, the successor of Veo, through the Interactions API.

Reading order: `options`, `engines.mappings.google_omni` (what is asked for), `interactions` (what is answered), `adapter`.
"""

from typing import Final

from understudy.engines.engine import RemoteEngine, has_prompt
from understudy.engines.late import late

VERSION: Final = "1"
"""Raised when the same inputs are asked for in another way."""


engine: Final = RemoteEngine(
    name="google_omni",
    version=VERSION,
    partner="understudy.engines.google_omni.adapter:partner",
    availability=late("understudy.engines.google_omni.options:available"),
    plays=has_prompt,
    labels=late("understudy.engines.google_omni.options:labels"),
    treats=late("understudy.engines.google_omni.options:treats"),
    cancels=lambda _: True,
)
