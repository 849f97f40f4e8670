"""From a wish to a call of diffusers' LTX-2 pipelines (diffusers 0.42.1, `pipelines/ltx2`). Pure functions.

The model takes sides that are multiples of 32 and 8n + 1 frames; what it makes is 24 frames a second with sound.
"""

from math import ceil, sqrt
from typing import Final

import msgspec

from understudy.engines.mappings.formats import tier_height
from understudy.engines.mappings.treatments import Treated
from understudy.engines.wish import Size, Wish

FPS: Final = 24
MULTIPLE: Final = 32
"""Sides are multiples of it: 32 pixels in a cell of the latent."""
LEAST_SIDE: Final = 64
"""The decoder mirrors the edges of the latent: a side has two cells at least."""
FRAMES: Final = 8
"""Frames in a cell of the latent; the first cell has one."""
UNTOLD_FRAMES: Final = 121
"""The length where a contract leaves it to the engine: diffusers' own."""
MOST_PIXELS: Final = 1920 * 1088
MOST_SECONDS: Final = 20.0
"""The end of the model's positions in time (`pos_embed_max_pos`)."""
LEAST_STEPS: Final = 2
"""The schedule is stretched from its first step to its last: there must be two."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """The most that the operator lets a clip have."""

    pixels: int = MOST_PIXELS
    """Of one frame."""
    seconds: float = MOST_SECONDS


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One call but for its seed, which is the job's, and what of its clip is kept."""

    prompt: str
    negative: str | None
    """None leaves it to the makers' own."""
    size: Size
    """Width and height, multiples of 32."""
    frames: int
    """Frames that are made: 8n + 1."""
    kept: int
    """Frames of the clip: the others, at its end, are cut off."""
    sound: bool = True
    """The model makes sound in any case; False leaves the track out of the file."""
    picture: str | None = None
    """Path of the picture that the clip begins with."""
    steps: int | None = None
    """None leaves it to the operator, or to the pipeline."""
    guidance: float | None = None
    """The picture's; None leaves it to the operator, or to the pipeline."""
    notes: tuple[str, ...] = ()
    """What is made otherwise than was asked, as sentences for the log."""

    @property
    def seconds(self) -> float:
        """Length of the clip."""
        return self.kept / FPS


def request_for(wish: Wish, limits: Limits) -> Request:
    """The call for a wish, within limits."""
    size, kept = _size(wish, limits), _kept(wish, limits)
    negatives = [text for text in (wish.negative, wish.negative_audio) if text]
    return Request(
        prompt=wish.prompt,
        negative=", ".join(negatives) or None,
        size=size,
        frames=ceil((kept - 1) / FRAMES) * FRAMES + 1,
        kept=kept,
        sound=wish.sound,
        picture=wish.picture,
        steps=None if wish.steps is None else max(LEAST_STEPS, wish.steps),
        guidance=wish.guidance,
        notes=tuple(_notes(wish, limits, size, kept)),
    )


def treated(limits: Limits) -> Treated:
    """What becomes of each wish, for `treatments`."""
    return {
        "prompt": ("honoured", ""),
        "picture": ("honoured", "Its middle, cut to the clip's shape, is the first frame."),
        "seconds": ("honoured", f"Up to {limits.seconds:g} seconds."),
        "ratio": ("approximated", f"Both sides are multiples of {MULTIPLE} pixels."),
        "tier": (
            "approximated",
            f"Both sides are multiples of {MULTIPLE}, and a frame has at most {limits.pixels:,} pixels.",
        ),
        "sound": ("honoured", "Without sound the track is left out; the run is not shorter."),
        "negative": ("honoured", "If it is empty, the text that the model's makers use takes its place."),
        "negative_audio": ("approximated", "It joins the other negative prompt: one text serves both."),
        "enhance": ("dropped", "The prompt is taken as it is written."),
        "people": ("dropped", "Nothing keeps people out of the picture."),
        "seed": ("honoured", ""),
        "steps": ("honoured", f"At least {LEAST_STEPS}."),
        "guidance": ("honoured", "For the picture; that of the sound stays."),
    }


def _wished_size(wish: Wish) -> Size:
    if wish.size is not None:
        return wish.size
    short = tier_height(wish.tier)
    long = round(short * 16 / 9)
    return (short, long) if wish.ratio == "9:16" else (long, short)


def _size(wish: Wish, limits: Limits) -> Size:
    """The nearest size; if that is too large, the largest of about the same shape that is not."""
    width, height = _wished_size(wish)
    nearest = _nearest(width), _nearest(height)
    if nearest[0] * nearest[1] <= limits.pixels:
        return nearest
    scale = sqrt(limits.pixels / (width * height))
    across, down = _below(width * scale), _below(height * scale)
    # The shorter side of a long strip cannot shrink as much.
    return min(across, _below(limits.pixels / down)), min(down, _below(limits.pixels / across))


def _nearest(pixels: int) -> int:
    """The nearest multiple; of two the smaller, which costs less: 720 becomes 704."""
    return max(LEAST_SIDE, ceil(pixels / MULTIPLE - 0.5) * MULTIPLE)


def _below(pixels: float) -> int:
    return max(LEAST_SIDE, int(pixels) // MULTIPLE * MULTIPLE)


def _kept(wish: Wish, limits: Limits) -> int:
    wished = UNTOLD_FRAMES if wish.seconds is None else round(wish.seconds * FPS)
    return max(1, min(wished, int(limits.seconds * FPS)))


def _notes(wish: Wish, limits: Limits, size: Size, kept: int) -> list[str]:
    notes = []
    wished = _wished_size(wish)
    if size != wished:
        notes.append(f"Asked for {wished[0]} x {wished[1]} pixels; made are {size[0]} x {size[1]}.")
    if wish.seconds is not None and kept < round(wish.seconds * FPS):
        notes.append(f"Asked for {wish.seconds:g} s; the longest clip is {limits.seconds:g} s.")
    if wish.negative_audio:
        notes.append("The negative prompt for sound joins the other one: the model has one for both.")
    if wish.people not in ("", "allow_adult"):
        notes.append("Nothing keeps people out of the picture: the model has no such setting.")
    if wish.steps is not None and wish.steps < LEAST_STEPS:
        notes.append(f"Asked for {wish.steps} step; the least is {LEAST_STEPS}.")
    if wish.others:
        notes.append("The clip begins with the first picture; other pictures are not used.")
    return notes
