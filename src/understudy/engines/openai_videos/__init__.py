"""Any server that speaks the OpenAI Videos protocol, `/v1/videos`: self-hosted ones, proxies, gateways.

Its parts: `profiles` (how servers differ), `options` (what an operator sets), `partner` (the steps of a job), `connection`
(requests, bounded and never repeated), `answers` (what is read out of untrusted bodies), `refusals` (what an error
proves), `listed` (finding a job again), `content` (the clip). The request itself is made in `mappings.openai_videos`.
"""

from collections.abc import Mapping
from typing import Final

from understudy.engines.engine import RemoteEngine
from understudy.engines.late import late

VERSION: Final = "1"
"""Raised when the same inputs lead to another request."""


def _cancels(options: Mapping[str, object]) -> bool:
    from understudy.engines.openai_videos.profiles import PROFILES

    profile = PROFILES.get(str(options.get("profile", "")))
    return profile is not None and profile.cancels


engine: Final = RemoteEngine(
    name="openai_videos",
    version=VERSION,
    partner="understudy.engines.openai_videos.partner:load",
    availability=late("understudy.engines.openai_videos.availability:availability"),
    labels=late("understudy.engines.openai_videos.availability:labels"),
    treats=late("understudy.engines.openai_videos.availability:treats"),
    cancels=_cancels,
)
