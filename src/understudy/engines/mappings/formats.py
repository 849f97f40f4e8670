"""Lengths and resolutions: what contracts offer, and what comes nearest to it among what a service makes. Pure."""

import re
from collections.abc import Collection, Mapping
from typing import Final

LENGTHS: Final[Mapping[str, tuple[float, ...]]] = {
    "google/veo3-1": (4, 6, 8),
    "openai/sora-2-pro": (4, 8, 12),
}
"""The seconds that a contract lets its callers choose from."""

USUAL_SECONDS: Final = 5
"""Where the contract has no length: Ovi's clips are five seconds long."""

_NAMED: Final = {"4k": 2160, "8k": 4320}
_OTHERWISE: Final = 720


def tier_height(tier: str) -> int:
    """The length of the shorter side of `720p`, `4k` and the like, in pixels; of anything else 720."""
    name = tier.strip().lower()
    lines = re.fullmatch(r"(\d{3,4})p", name)
    return int(lines[1]) if lines else _NAMED.get(name, _OTHERWISE)


def nearest_length(wished: float, made: Collection[int]) -> int:
    """The length that is made and comes nearest; of two the longer one: nothing that was asked for is cut off."""
    return min(made, key=lambda each: (abs(each - wished), -each))
