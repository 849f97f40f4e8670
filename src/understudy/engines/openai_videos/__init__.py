"""Any server that speaks the OpenAI Videos protocol, `/v1/videos`: self-hosted ones, proxies, gateways.

Its parts: `profiles` (how servers differ), `options` (what an operator sets), `partner` (the steps of a job), `connection`
(requests, bounded and never repeated), `answers` (what is read out of untrusted bodies), `refusals` (what an error
proves), `listed` (finding a job again), `content` (the clip). The request itself is made in `mappings.openai_videos`.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from understudy.engines.engine import Availability, Contract, RemoteEngine, Treatment

VERSION: Final = "1"
"""Raised when the same inputs lead to another request."""


# What the server asks is imported when it asks: a server without this engine in its cast should not pay for it.
def _availability(options: Mapping[str, object]) -> Availability:
    from understudy.engines.openai_videos.availability import availability

    return availability(options)


def _labels(options: Mapping[str, object]) -> Mapping[str, str]:
    from understudy.engines.openai_videos.availability import labels

    return labels(options)


def _treats(contract: Contract, options: Mapping[str, object]) -> Sequence[Treatment]:
    from understudy.engines.openai_videos.availability import treats

    return treats(contract, options)


def _cancels(options: Mapping[str, object]) -> bool:
    from understudy.engines.openai_videos.profiles import PROFILES

    profile = PROFILES.get(str(options.get("profile", "")))
    return profile is not None and profile.cancels


engine: Final = RemoteEngine(
    name="openai_videos",
    version=VERSION,
    partner="understudy.engines.openai_videos.partner:load",
    availability=_availability,
    labels=_labels,
    treats=_treats,
    cancels=_cancels,
)
