"""A wish as a request of Veo's: `predictLongRunning` as Google's cloud spells it (Google Cloud, Veo API)."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from understudy.engines.google.clips import Picture
from understudy.engines.mappings.formats import LENGTHS, USUAL_SECONDS, nearest_length
from understudy.engines.mappings.google import (
    Mapped,
    format_notes,
    nearest_resolution,
    own_notes,
    resolution_treated,
    spoken,
)
from understudy.engines.mappings.treatments import Treated
from understudy.engines.wish import Wish

_SEED_BITS: Final = 32


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What a server of the protocol makes."""

    durations: Mapping[str, tuple[int, ...]]
    """The lengths in seconds that it makes, by resolution; no other resolution is made."""
    people: Mapping[str, str] = {}
    """How it spells values of `personGeneration`, where it does so differently."""


def request(wish: Wish, limits: Limits, picture: Picture | None = None) -> Mapped:
    """The body of a request for one clip, its bytes inline in the answer; `picture` is the wish's, encoded."""
    resolution = nearest_resolution(wish.tier, tuple(limits.durations))
    seconds = nearest_length(wish.seconds or USUAL_SECONDS, limits.durations[resolution])
    instance: dict[str, Any] = {"prompt": spoken(wish.prompt)}
    if picture is not None:
        instance["image"] = {"bytesBase64Encoded": picture.data, "mimeType": picture.content_type}
    avoided = "; ".join(each for each in (wish.negative, wish.negative_audio) if each)
    parameters: dict[str, Any] = {
        "sampleCount": 1,
        "durationSeconds": seconds,
        "aspectRatio": wish.ratio,
        "resolution": resolution,
        "generateAudio": wish.sound,
        "seed": wish.seed % 2**_SEED_BITS,
    }
    if avoided:
        parameters["negativePrompt"] = avoided
    if wish.enhance is not None:
        parameters["enhancePrompt"] = wish.enhance
    if wish.people:
        parameters["personGeneration"] = limits.people.get(wish.people, wish.people)
    notes = [
        *format_notes(wish, resolution, seconds),
        *(["What is not to be heard is sent as part of the negative prompt."] if wish.negative_audio else []),
        *own_notes(wish),
    ]
    return Mapped(
        body={"instances": [instance], "parameters": parameters},
        seconds=seconds,
        resolution=resolution,
        notes=tuple(notes),
    )


def treated(contract: str, limits: Limits) -> Treated:
    """What becomes of each wish."""
    lengths = LENGTHS.get(contract, ())
    exact = bool(lengths) and all(
        set(lengths) <= set(limits.durations.get(tier, ())) for tier in ("720p", "1080p")
    )
    made = "; ".join(
        f"{name}: {', '.join(map(str, each))} seconds" for name, each in limits.durations.items()
    )
    spelt = (
        f"Spelt as this server wants it: {', '.join(map(' as '.join, limits.people.items()))}."
        if limits.people
        else ""
    )
    return {
        "prompt": ("honoured", ""),
        "picture": ("honoured", "The first frame."),
        "seconds": ("honoured", "") if exact else ("approximated", f"The nearest that is made ({made})."),
        "ratio": ("honoured", "16:9 or 9:16."),
        "tier": resolution_treated(contract, tuple(limits.durations)),
        "sound": ("honoured", "It decides the price."),
        "negative": ("honoured", ""),
        "negative_audio": ("approximated", "Sent as part of the negative prompt."),
        "enhance": ("honoured", "Sent; Google does not say whether Veo 3 can do without."),
        "people": ("honoured", spelt),
        "seed": ("honoured", "0 or nothing: the task's own."),
        "steps": ("dropped", "Its steps are its own."),
        "guidance": ("dropped", "Its guidance is its own."),
    }
