"""Which memory profile a card gets: the first whose computed peak fits, or the one that was asked for. No torch."""

from math import prod, sqrt
from typing import Final

import msgspec

from understudy.engines.ovi.config import OviConfig
from understudy.engines.ovi.memory.estimate import peak_bytes
from understudy.engines.ovi.memory.profiles import AUTO, PROFILES, Profile, forms, must_be_known
from understudy.engines.ovi.sizes import MULTIPLE, Size, limited
from understudy.errors import EngineOutOfMemory

RESERVE: Final = 1_000_000_000
"""Bytes left for what is not computed: working memory of libraries, gaps between pieces of memory."""


def choose(
    free_bytes: int,
    wanted: str,
    config: OviConfig,
    variant: str,
    size: Size | None = None,
    *,
    element_bytes: int = 2,
    step_cache: bool = False,
    float8: bool = False,
) -> Profile:
    """The profile for a card with that much memory free, before anything is loaded.

    `wanted` is a profile's name, or "auto"; `size` the frames' (height, width), by default the largest that the variant
    makes. `float8`: the blocks' matrices may be rounded; if not, a profile that rounds them is only taken by its name. Its `together` and `side_by_side` are turned off where that makes it fit.

    Raises `EngineOutOfMemory`, which says what each would take, and `EngineUnavailable` for an unknown name.
    """
    must_be_known(wanted)
    offered = [msgspec.structs.replace(each, float8=True) for each in PROFILES] if float8 else PROFILES
    candidates = [
        each for each in offered if each.name == wanted or (wanted == AUTO and each.float8 == float8)
    ]

    def needed(profile: Profile, variant: str) -> int:
        each = config.variants[variant]
        frame = size or largest_size(each.area)
        peak = peak_bytes(
            profile,
            config,
            each,
            frame,
            config.fusion.video.text_len,
            element_bytes=element_bytes,
            step_cache=step_cache,
        )
        return peak.card + RESERVE

    for profile in candidates:
        for form in forms(profile):
            if needed(form, variant) <= free_bytes:
                return form
    needs = {profile.name: needed(forms(profile)[-1], variant) for profile in candidates}
    smaller = [
        name
        for name, each in config.variants.items()
        if size is None
        and each.area <= config.variants[variant].area
        and any(needed(forms(profile)[-1], name) <= free_bytes for profile in candidates)
    ]
    raise EngineOutOfMemory(_refusal(free_bytes, wanted, needs, variant, smaller))


def largest_size(area: int) -> Size:
    """A frame that no frame of a checkpoint trained at `area` exceeds in pixels: rounding to whole tokens adds some.

    For each number of rows, the most columns that a height which is rounded to it may come with.
    """
    tokens = area / MULTIPLE**2
    longest = limited((1, area))[1]  # of a frame one pixel high
    shortest = sqrt(tokens / longest)
    rows_and_columns = (
        (rows, round(tokens / max(rows - 0.5, shortest)))
        for rows in range(round(shortest), round(sqrt(tokens)) + 1)
    )
    rows, columns = max(rows_and_columns, key=prod)
    return rows * MULTIPLE, columns * MULTIPLE


def _refusal(free_bytes: int, wanted: str, needs: dict[str, int], variant: str, smaller: list[str]) -> str:
    each = ", ".join(f"{name} {_gigabytes(need)}" for name, need in needs.items())
    advice = [] if wanted == AUTO else [f'set memory = "{AUTO}" in [engine.ovi]']
    advice += [f'set variant = "{smaller[0]}" in [engine.ovi], which needs less'] if smaller else []
    advice.append("close what else uses the card")
    return (
        f"The card has {_gigabytes(free_bytes)} of memory free, and that is too little for {variant}:"
        f" {each}. To help, {', or '.join(advice)}."
    )


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB"
