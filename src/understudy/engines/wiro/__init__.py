"""Another server that speaks our own protocol: an Understudy behind this one, or the hosted service.

Its parts: `options` (what the operator sets), `signing` and `connection` (signed requests), `answers` and `tasks` (what comes
back), and `partner`, which brings them together. What is asked for is made in `engines.mappings.wiro`.
"""

from typing import Final

from understudy.engines.engine import RemoteEngine
from understudy.engines.late import late

VERSION: Final = "1"
"""Raised when the same inputs are asked for in another way."""


engine: Final = RemoteEngine(
    name="wiro",
    version=VERSION,
    partner="understudy.engines.wiro.partner:connect",
    availability=late("understudy.engines.wiro.options:availability"),
    treats=late("understudy.engines.wiro.options:treats"),
    cancels=lambda _: True,
)
