"""A wish as a request of Gemini Omni's: the Interactions API, asked for one clip (google-genai 3.4.0, `interactions`)."""

import hashlib
import re
from typing import Any, Final, Literal

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

Delivery = Literal["inline", "uri"]
"""How a clip comes back: within the answer, or as an address."""

RESOLUTIONS: Final = ("360p", "720p", "1080p", "4k")

_LABEL: Final = 63


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What a model makes."""

    shortest: int
    longest: int
    """In seconds; every whole number between the two."""
    resolutions: tuple[str, ...] = RESOLUTIONS
    delivery: Delivery = "uri"


def request(
    wish: Wish, limits: Limits, model: str, picture: Picture | None = None, *, seeded: bool = False
) -> Mapped:
    """The body of a request for one clip; `picture` is the wish's, encoded; `seeded`: the caller gave a seed."""
    resolution = nearest_resolution(wish.tier, limits.resolutions)
    seconds = nearest_length(wish.seconds or USUAL_SECONDS, range(limits.shortest, limits.longest + 1))
    content: list[dict[str, str]] = [{"type": "text", "text": _prompt(wish)}]
    if picture is not None:
        content.append({"type": "image", "data": picture.data, "mime_type": picture.content_type})
    body = {
        "model": model,
        "input": [{"type": "user_input", "content": content}],
        "background": True,
        "store": True,
        "response_format": {
            "type": "video",
            "aspect_ratio": wish.ratio,
            "resolution": resolution,
            "duration": f"{seconds}s",
            "delivery": limits.delivery,
        },
        "generation_config": {
            "video_config": {"task": "text_to_video" if picture is None else "image_to_video"}
        },
    }
    notes = (*format_notes(wish, resolution, seconds), *_losses(wish, seeded), *own_notes(wish))
    return Mapped(body=body, seconds=seconds, resolution=resolution, notes=notes)


def addressed(body: dict[str, Any], key: str, hook: str) -> dict[str, Any]:
    """The body as it is sent: with a label by which the operator finds it, and the address that is told of its end."""
    sent = {**body, "labels": {"understudy": _label(key)}}
    if hook:
        sent["webhook_config"] = {"uris": [hook], "user_metadata": {"understudy": key}}
    return sent


def treated(contract: str, limits: Limits) -> Treated:
    """What becomes of each wish."""
    lengths = LENGTHS.get(contract, ())
    exact = bool(lengths) and all(limits.shortest <= each <= limits.longest for each in lengths)
    return {
        "prompt": ("honoured", ""),
        "picture": ("honoured", "The clip begins with it."),
        "seconds": ("honoured", "")
        if exact
        else ("approximated", f"The nearest from {limits.shortest} to {limits.longest} seconds."),
        "ratio": ("honoured", "16:9 or 9:16."),
        "tier": resolution_treated(contract, limits.resolutions),
        "sound": ("approximated", "It always makes sound; without, the track is taken out of the clip."),
        "negative": ("approximated", "Added to the prompt as what to avoid."),
        "negative_audio": ("approximated", "Added to the prompt as what must not be heard."),
        "enhance": ("dropped", "It reads the prompt in its own way."),
        "people": ("dropped", "It has no such setting."),
        "seed": ("dropped", "It takes no seed: every clip is another one."),
        "steps": ("dropped", "Its steps are its own."),
        "guidance": ("dropped", "Its guidance is its own."),
    }


def _label(key: str) -> str:
    """Labels are up to 63 small letters, digits, dashes and underscores; any other key gets one that is as unique."""
    fits = re.fullmatch(r"[a-z0-9_-]{1,63}", key)
    return key if fits else hashlib.sha256(key.encode()).hexdigest()[:_LABEL]


def _prompt(wish: Wish) -> str:
    avoid = f"\n\nAvoid: {wish.negative}" if wish.negative else ""
    unheard = f"\n\nNot to be heard: {wish.negative_audio}" if wish.negative_audio else ""
    return f"{spoken(wish.prompt)}{avoid}{unheard}"


def _losses(wish: Wish, seeded: bool) -> list[str]:
    notes = []
    if not wish.sound:
        notes.append("The partner always makes sound: the track is taken out of the finished clip.")
    if wish.negative or wish.negative_audio:
        notes.append(
            "The negative prompt is sent as part of the prompt: the partner has no other place for it."
        )
    if seeded:
        notes.append("The seed is not used: the partner takes none, and makes another clip every time.")
    if wish.people and wish.people != "allow_adult":
        notes.append(f"personGeneration ({wish.people}) is not used: the partner has no such setting.")
    if wish.enhance is False:
        notes.append("enhancePrompt is not used: the partner reads the prompt in its own way.")
    return notes
