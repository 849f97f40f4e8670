"""Veo on Google's cloud, or at any server that speaks `predictLongRunning` as it does.

Reading order: `options`, `engines.mappings.google_veo` (what is asked for), `operations` (what is answered), `adapter`.
"""

from typing import Final

from understudy.engines.engine import RemoteEngine, has_prompt
from understudy.engines.late import late

VERSION: Final = "1"
"""Raised when the same inputs are asked for in another way."""


engine: Final = RemoteEngine(
    name="google_veo",
    version=VERSION,
    partner="understudy.engines.google_veo.adapter:partner",
    availability=late("understudy.engines.google_veo.options:available"),
    plays=has_prompt,
    labels=late("understudy.engines.google_veo.options:labels"),
    treats=late("understudy.engines.google_veo.options:treats"),
)
