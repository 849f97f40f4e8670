"""A wish as a request of Veo's: `predictLongRunning` as Google's cloud spells it (Google Cloud, Veo API)."""

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from understudy.engines.google_clips import Picture
from understudy.engines.mappings.treatments import Treated
from understudy.engines.wish import Wish

LENGTHS: Final[Mapping[str, tuple[float, ...]]] = {
    "google/veo3-1": (4, 6, 8),
    "openai/sora-2-pro": (4, 8, 12),
}
"""The seconds that a contract lets its callers choose from."""

USUAL_SECONDS: Final = 5.0
"""Where the contract has no length: Ovi's clips are five seconds long."""

_HEIGHTS: Final = {"360p": 360, "480p": 480, "720p": 720, "1080p": 1080, "4k": 2160}
_WIDE: Final = 16 / 9
_SEED_BITS: Final = 32


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What a server of the protocol makes."""

    durations: Mapping[str, tuple[int, ...]]
    """The lengths in seconds that it makes, by resolution; no other resolution is made."""
    people: Mapping[str, str] = {}
    """How it spells values of `personGeneration`, where it does so differently."""


class Mapped(msgspec.Struct, frozen=True, kw_only=True):
    """A request, and what it costs and loses."""

    body: dict[str, Any]
    seconds: int
    resolution: str
    notes: tuple[str, ...]


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


def spoken(prompt: str) -> str:
    """A prompt without the marks that only Ovi knows: speech in quotation marks, sounds in a sentence of their own.

    `<S>speech<E>` and `<AUDCAP>sounds<ENDAUDCAP>` are Ovi's (its repository's README).
    """
    plain = re.sub(r"<S>\s*(.*?)\s*<E>", r'"\1"', prompt, flags=re.DOTALL)
    plain = re.sub(r"<AUDCAP>\s*(.*?)\s*<ENDAUDCAP>", r"Sounds: \1", plain, flags=re.DOTALL)
    return plain.strip()


def nearest_resolution(wished: str, made: tuple[str, ...]) -> str:
    """The smallest that is made and no smaller than what is wished for; else the largest."""
    ordered = sorted(made, key=_height)
    return next((each for each in ordered if _height(each) >= _height(wished)), ordered[-1])


def nearest_length(wished: float, made: tuple[int, ...]) -> int:
    """The length that is made and comes nearest; of two the longer one."""
    return min(made, key=lambda each: (abs(each - wished), -each))


def format_notes(wish: Wish, resolution: str, seconds: int) -> list[str]:
    """Where length, resolution and shape are others than were wished for."""
    notes = []
    if wish.seconds is not None and wish.seconds != seconds:
        notes.append(
            f"The clip lasts {seconds} seconds instead of {wish.seconds:g}: the nearest that is made in {resolution}."
        )
    if _height(resolution) != _height(wish.tier):
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


def resolution_treated(contract: str, made: tuple[str, ...]) -> Any:
    """What becomes of a contract's resolutions."""
    if contract in LENGTHS and {"720p", "1080p"} <= set(made):
        return ("honoured", "")
    return ("approximated", f"The nearest of {', '.join(made)}, in 16:9 or 9:16.")


def _height(resolution: str) -> int:
    named = re.fullmatch(r"(\d{3,4})p", resolution)
    return _HEIGHTS.get(resolution) or (int(named[1]) if named else 720)


def _shape(wish: Wish) -> float:
    width, height = wish.size or (16, 9)
    return max(width, height) / min(width, height)
