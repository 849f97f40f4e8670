"""Gemini Omni, the successor of Veo, through the Interactions API.

Reading order: `options`, `engines.mappings.google_omni` (what is asked for), `interactions` (what is answered), `adapter`.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from understudy.engines.engine import Availability, Contract, RemoteEngine, Treatment

VERSION: Final = "1"


# What the server asks is imported when it asks: a server without this engine in its cast should not pay for it.
def _availability(options: Mapping[str, object]) -> Availability:
    from understudy.engines.google_omni.options import available

    return available(options)


def _plays(contract: Contract) -> bool:
    return "prompt" in contract.input_ids


def _labels(options: Mapping[str, object]) -> Mapping[str, str]:
    from understudy.engines.google_omni.options import labels

    return labels(options)


def _treats(contract: Contract, options: Mapping[str, object]) -> Sequence[Treatment]:
    from understudy.engines.google_omni.options import treats

    return treats(contract, options)


engine: Final = RemoteEngine(
    name="google_omni",
    version=VERSION,
    partner="understudy.engines.google_omni.adapter:partner",
    availability=_availability,
    plays=_plays,
    labels=_labels,
    treats=_treats,
    cancels=lambda _: True,
)
