"""What requests for Veo and for Gemini Omni have in common. Pure."""

import re
from typing import Any, Final

import msgspec

from understudy.engines.mappings.formats import LENGTHS, tier_height
from understudy.engines.mappings.treatments import Row
from understudy.engines.wish import Wish

_WIDE: Final = 16 / 9


class Mapped(msgspec.Struct, frozen=True, kw_only=True):
    """A request, and what it costs and loses."""

    body: dict[str, Any]
    seconds: int
    resolution: str
    notes: tuple[str, ...]


def spoken(prompt: str) -> str:
    """A prompt without the marks that only Ovi knows: speech in quotation marks, sounds in a sentence of their own.

    `<S>speech<E>` and `<AUDCAP>sounds<ENDAUDCAP>` are Ovi's (its repository's README).
    """
    plain = re.sub(r"<S>\s*(.*?)\s*<E>", r'"\1"', prompt, flags=re.DOTALL)
    plain = re.sub(r"<AUDCAP>\s*(.*?)\s*<ENDAUDCAP>", r"Sounds: \1", plain, flags=re.DOTALL)
    return plain.strip()


def nearest_resolution(wished: str, made: tuple[str, ...]) -> str:
    """The smallest that is made and no smaller than what is wished for; else the largest."""
    ordered = sorted(made, key=tier_height)
    return next((each for each in ordered if tier_height(each) >= tier_height(wished)), ordered[-1])


def format_notes(wish: Wish, resolution: str, seconds: int) -> list[str]:
    """Where length, resolution and shape are others than were wished for."""
    notes = []
    if wish.seconds is not None and wish.seconds != seconds:
        notes.append(
            f"The clip lasts {seconds} seconds instead of {wish.seconds:g}: the nearest that is made in {resolution}."
        )
    if tier_height(resolution) != tier_height(wish.tier):
        notes.append(f"The clip is made in {resolution} instead of {wish.tier}.")
    if wish.size is not None and abs(_shape(wish) - _WIDE) > 0.01:
        notes.append(f"The clip's shape is {wish.ratio} instead of {wish.size[0]}x{wish.size[1]}.")
    return notes


def own_notes(wish: Wish) -> list[str]:
    """What no model of Google's takes."""
    notes = []
    if wish.others:
        notes.append("Input pictures after the first are left out.")
    if wish.steps is not None or wish.guidance is not None:
        notes.append("Steps and guidance are the partner's own.")
    return notes


def resolution_treated(contract: str, made: tuple[str, ...]) -> Row:
    """What becomes of a contract's resolutions."""
    if contract in LENGTHS and {"720p", "1080p"} <= set(made):
        return ("honoured", "")
    return ("approximated", f"The nearest of {', '.join(made)}, in 16:9 or 9:16.")


def _shape(wish: Wish) -> float:
    width, height = wish.size or (16, 9)
    return max(width, height) / min(width, height)
