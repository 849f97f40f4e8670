"""From a wish to a create request of the OpenAI Videos protocol (OpenAI, API reference, "Create video").

The protocol itself has a prompt, a length, a size and one picture. Servers of it know more or less: `Rules` says what.
"""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

import msgspec

from understudy.engines.mappings.formats import USUAL_SECONDS, nearest_length, tier_height
from understudy.engines.mappings.treatments import Row, Treated
from understudy.engines.wish import Field, Size, Wish
from understudy.errors import EngineInputError

_LONGEST: Final = 600
_LOST: Final[Mapping[Field, str]] = {
    "negative": "the negative prompt",
    "negative_audio": "the negative prompt for sound",
    "enhance": "leaving the prompt as it is",
    "people": "leaving people out",
    "seed": "the seed",
    "steps": "the number of steps",
    "guidance": "the guidance",
}
"""What a wish is called where there is no field for it."""


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """What one server takes."""

    sizes: Mapping[str, str]
    """Landscape size by tier, such as `720p` to `1280x720`; portrait is the same, turned."""
    any_size: bool = False
    """Other sizes are taken, too, where a contract names one."""
    seconds: Sequence[int] = ()
    """Lengths that are taken, rising; none: every whole number."""
    prices: Mapping[str, Decimal] = {}
    """US dollars per second by the length of the shorter side (`720p`, `1024p`), by size, or by `second` for all; `clip`
    is added for each clip."""
    fields: Mapping[Field, str] = {}
    """Form fields beyond the standard, by the wish they carry."""
    longest_prompt: int | None = None
    """Characters."""


class Mapped(msgspec.Struct, frozen=True, kw_only=True):
    """The scalars of a create request, as text, and what they mean."""

    fields: Mapping[str, str]
    size: Size
    seconds: int
    notes: tuple[str, ...]
    cost: Decimal | None


def mapped(wish: Wish, model: str, rules: Rules, *, seeded: bool = False) -> Mapped:
    """The request for a wish. `model`: the server's name for it, may be empty. `seeded`: the caller gave the seed.

    Raises `EngineInputError` if the server's own limits forbid the prompt.
    """
    if not wish.prompt.strip():
        raise EngineInputError("The prompt is empty; say what is seen, said and heard.")
    if rules.longest_prompt is not None and len(wish.prompt) > rules.longest_prompt:
        raise EngineInputError(
            f"The prompt has {len(wish.prompt):,} characters; at most {rules.longest_prompt:,} are taken. Shorten it."
        )
    seconds = _seconds(wish, rules)
    size = _size(wish, rules)
    standard = {
        "prompt": wish.prompt,
        "model": model,
        "seconds": str(seconds),
        "size": f"{size[0]}x{size[1]}",
    }
    said = _said(wish)
    extra = {name: said[field] for field, name in rules.fields.items() if field in said}
    return Mapped(
        fields={name: value for name, value in (standard | extra).items() if value},
        size=size,
        seconds=seconds,
        notes=tuple(_notes(wish, rules, size, seconds, seeded)),
        cost=cost(rules.prices, size, seconds),
    )


def cost(prices: Mapping[str, Decimal], size: Size, seconds: int) -> Decimal | None:
    """US dollars for one clip; None if the prices do not say."""
    keys = (f"{size[0]}x{size[1]}", f"{size[1]}x{size[0]}", f"{min(size)}p", "second")
    rate = next((prices[key] for key in keys if key in prices), None)
    flat = prices.get("clip")
    if rate is None and flat is None:
        return None
    return (rate or Decimal(0)) * seconds + (flat or Decimal(0))


def treated(rules: Rules) -> Treated:
    """What becomes of each wish under these rules, for `treatments`."""
    lengths = ", ".join(map(str, rules.seconds))
    tiers = ", ".join(rules.sizes)
    own: dict[Field, Row] = {
        "prompt": ("honoured", ""),
        "picture": ("honoured", "Cut to exactly the clip's size."),
        "seconds": ("approximated", f"The nearest of {lengths}.")
        if rules.seconds
        else ("honoured", "In whole seconds."),
        "ratio": ("honoured", "As the orientation of the size."),
        "tier": ("honoured", "") if rules.any_size else ("approximated", f"The nearest of {tiers}."),
        "sound": ("approximated", "Clips have sound whenever the model makes sound."),
    }
    return own | dict.fromkeys(rules.fields, ("honoured", ""))


def _seconds(wish: Wish, rules: Rules) -> int:
    wished = wish.seconds if wish.seconds is not None else USUAL_SECONDS
    if not rules.seconds:
        return min(_LONGEST, max(1, round(wished)))
    return nearest_length(wished, rules.seconds)


def _size(wish: Wish, rules: Rules) -> Size:
    if wish.size is not None and rules.any_size:
        return wish.size
    wished = tier_height(wish.tier)
    # Of two that are as near, the cheaper.
    tier = min(rules.sizes, key=lambda tier: (abs(tier_height(tier) - wished), tier_height(tier)))
    wide = parse_size(rules.sizes[tier])
    long, short = max(wide), min(wide)
    return (short, long) if wish.ratio == "9:16" else (long, short)


def parse_size(text: str) -> Size:
    """Width and height of `1280x720`. Raises ValueError."""
    match = re.fullmatch(r"([1-9]\d{1,4})x([1-9]\d{1,4})", text)
    if match is None:
        raise ValueError(f"{text!r} is no size such as 1280x720")
    return int(match[1]), int(match[2])


def _said(wish: Wish) -> dict[Field, str]:
    """Every wish that is set, as a form field says it."""
    said: dict[Field, str | None] = {
        "negative": wish.negative,
        "negative_audio": wish.negative_audio,
        "sound": _truth(wish.sound),
        "enhance": _truth(wish.enhance),
        "people": wish.people,
        "seed": str(wish.seed),
        "steps": None if wish.steps is None else str(wish.steps),
        "guidance": None if wish.guidance is None else f"{wish.guidance:g}",
        # The size says it already, and where a contract names the size, better.
        "ratio": None if wish.size is not None else wish.ratio,
    }
    return {field: value for field, value in said.items() if value}


def _truth(value: bool | None) -> str | None:
    return None if value is None else "true" if value else "false"


def _notes(wish: Wish, rules: Rules, size: Size, seconds: int, seeded: bool) -> list[str]:
    notes = []
    if wish.seconds is not None and wish.seconds != seconds:
        notes.append(
            f"It is asked for {seconds} seconds instead of {wish.seconds:g}, the nearest it can make."
        )
    wanted = f"{wish.size[0]}x{wish.size[1]}" if wish.size else wish.tier
    exact = wish.size == size if wish.size else tier_height(wish.tier) == min(size)
    if not exact:
        notes.append(
            f"It is asked for {size[0]}x{size[1]} instead of {wanted}, the nearest that is set for it."
        )
    if wish.others:
        notes.append("Only the first picture is used.")
    if not wish.sound and "sound" not in rules.fields:
        notes.append("It cannot be asked for a clip without sound.")
    # Most contracts set these by default; only what asks for something else is worth a sentence.
    set_by_hand: dict[Field, bool] = {
        "negative": bool(wish.negative),
        "negative_audio": bool(wish.negative_audio),
        "enhance": wish.enhance is False,
        "people": wish.people not in ("", "allow_adult"),
        "seed": seeded,
        "steps": wish.steps is not None,
        "guidance": wish.guidance is not None,
    }
    lost = [_LOST[field] for field, given in set_by_hand.items() if given and field not in rules.fields]
    if lost:
        notes.append(f"Dropped, for its protocol has no field for it: {', '.join(lost)}.")
    return notes
