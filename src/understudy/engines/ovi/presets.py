"""Named ways to play: what may be given up for speed. `exact` gives up nothing and is the default."""

from typing import Final, Literal

import msgspec

PresetName = Literal["exact", "fast", "draft"]


class CacheRule(msgspec.Struct, frozen=True, kw_only=True):
    """When a step may take over what the blocks added at an earlier one."""

    threshold: float
    """The estimated relative change of the blocks' output, added up since they were last computed, stays below it."""
    most: int = 2
    """Steps in a row that may be taken over."""
    keep_first: float = 0.2
    """Share of the steps, from the first, that are always computed."""


class Preset(msgspec.Struct, frozen=True, kw_only=True):
    """What is approximated."""

    float8: bool = False
    """The large linear layers in 8 bits, each row with a scale of its own."""
    cache: CacheRule | None = None
    guided: float = 1.0
    """Share of the steps, from the first, that make both passes; the others make the positive pass only."""


PRESETS: Final[dict[PresetName, Preset]] = {
    "exact": Preset(),
    "fast": Preset(float8=True, cache=CacheRule(threshold=0.05, most=2)),
    "draft": Preset(float8=True, cache=CacheRule(threshold=0.1, most=3), guided=0.6),
}
