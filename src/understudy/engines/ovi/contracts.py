"""What Ovi is asked to make: each model's own inputs, turned into one record."""

import re
from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from understudy.engines.engine import Job
from understudy.engines.ovi.config import Variant
from understudy.engines.ovi.picture import picture_size
from understudy.engines.ovi.sizes import Size, limited, requested_size
from understudy.engines.values import Values, wants_sound
from understudy.errors import EngineInputError

NEGATIVE_VIDEO: Final = "jitter, bad hands, blur, distortion"
NEGATIVE_AUDIO: Final = "robotic, muffled, echo, distorted"
"""The reference's own, for contracts that have no such input."""

OVI: Final = "chetwinlow1/ovi"
VEO: Final = "google/veo3-1"
SORA: Final = "openai/sora-2-pro"

_LANDSCAPE: Final[Size] = (512, 992)
"""Ovi's usual format, without an image that says otherwise."""
_MOST_STEPS: Final = 100
_SHORT_SIDE: Final = {"360p": 360, "480p": 480, "540p": 540, "720p": 720, "1080p": 1080}
PROMPTS: Final[tuple[str, ...]] = ("prompt", "text", "inputPrompt", "textPrompt")
"""Inputs that mean the same, in models that are not known by name; the first one counts."""
IMAGES: Final[tuple[str, ...]] = (
    "inputImage",
    "image",
    "inputImages",
    "images",
    "firstFrame",
    "startImage",
    "input_reference",
)
"""The first of them that is given is played."""
_SAME_LENGTH: Final = 0.5
"""Seconds by which a clip may be off without a word."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One clip, as a checkpoint of any size and length can be asked for it."""

    prompt: str
    """As it was written; `prompt.compose` makes of it what the loaded checkpoint understands."""
    negative_video: str = NEGATIVE_VIDEO
    negative_audio: str = NEGATIVE_AUDIO
    size: Size | None = None
    """Height and width that were asked for; None, only with an image, leaves the shape to the image."""
    image: str | None = None
    """Path of the picture that the clip begins with."""
    steps: int | None = None
    """Denoising steps; None leaves them to the operator's preset."""
    seconds: float | None = None
    """The length that was asked for; None if the contract leaves it to the checkpoint."""
    sound: bool = True
    notes: tuple[str, ...] = ()
    """What of the inputs is played in another way than they say, as sentences for the log."""


def request_for(job: Job) -> Request:
    """What `job` asks for; of an image only the header is read.

    A named size and an image together: the image is to fill that size, cut at its edges (`picture.first_frame`).
    Raises `EngineInputError` if the model has no prompt, or the image cannot be read.
    """
    image, dropped = _first_frame(job.files)
    shape = picture_size(image) if image else None
    read = _CONTRACTS.get(job.model, _any)(job.values, shape)
    size = read.size if read.size or shape else _LANDSCAPE
    return msgspec.structs.replace(read, image=image, size=size, notes=(*read.notes, *dropped))


def made_otherwise(variants: Mapping[str, Variant], loaded: str, request: Request) -> tuple[str, ...]:
    """Notes on what the `loaded` checkpoint, the only one that can play, makes in another way than `request` asks."""
    variant = variants[loaded]
    notes = []
    if request.seconds is not None and abs(request.seconds - variant.seconds) > _SAME_LENGTH:
        notes.append(
            f"Asked for {request.seconds:g} s; the checkpoint {loaded} makes {variant.seconds:.2f} s."
        )
    if request.size is not None and (made := requested_size(*request.size, variant.area)) != request.size:
        notes.append(f"Asked for {_written(request.size)}; the checkpoint {loaded} makes {_written(made)}.")
    return tuple(notes)


def _ovi(values: Values, image: Size | None) -> Request:
    """Its resolutions are height x width. Negative prompts are taken as they are: empty ones are meant to be."""
    resolution = str(values.get("resolution", "default"))
    return Request(
        prompt=str(values.get("prompt", "")),
        negative_video=str(values.get("negativePrompt", NEGATIVE_VIDEO)),
        negative_audio=str(values.get("audioNegativePrompt", NEGATIVE_AUDIO)),
        size=_named(resolution),
        steps=_steps(values.get("steps")),
    )


def _veo(values: Values, image: Size | None) -> Request:
    """Its negative prompt is empty unless somebody writes one; it says nothing of sound.

    The prompt is taken as it is written whatever enhancePrompt says, which is true unless somebody changes it.
    """
    ratio = str(values.get("aspectRatio", "16:9"))
    notes = []
    if str(values.get("personGeneration", "")) == "dont_allow":
        notes.append("personGeneration is not played: nothing keeps people out of the picture.")
    return Request(
        prompt=str(values.get("prompt", "")),
        negative_video=str(values.get("negativePrompt", "")).strip() or NEGATIVE_VIDEO,
        size=_tier(str(values.get("resolution", "720p")), ratio),
        seconds=_number(values.get("durationSeconds")),
        sound=wants_sound(values),
        notes=tuple(notes),
    )


def _sora(values: Values, image: Size | None) -> Request:
    """Ratio `auto` is the image's orientation, landscape if it is square or there is none."""
    ratio = str(values.get("ratio", "auto"))
    if ratio not in ("16:9", "9:16"):
        ratio = "9:16" if image and image[0] > image[1] else "16:9"
    return Request(
        prompt=str(values.get("prompt", "")),
        size=_tier(str(values.get("resolution", "720p")), ratio),
        seconds=_number(values.get("seconds")),
    )


def _any(values: Values, image: Size | None) -> Request:
    """By the names that such models usually have. WIDTHxHEIGHT is how others than Ovi write a size."""
    prompt = _first(values, *PROMPTS)
    if prompt is None:
        raise EngineInputError(
            f"This model has no input for a prompt ({', '.join(PROMPTS)}); Ovi cannot play it. Cast another engine."
        )
    negative = str(_first(values, "negativePrompt", "negative_prompt") or "").strip()
    resolution = str(_first(values, "resolution", "size") or "")
    ratio = str(_first(values, "aspectRatio", "aspect_ratio", "ratio") or "")
    named = _named(resolution)
    if named is not None:
        size: Size | None = limited((named[1], named[0]))
    elif re.fullmatch(r"[1-9]\d{0,2}:[1-9]\d{0,2}", ratio):
        size = limited(_tier(resolution, ratio))
    else:
        size = None
    return Request(
        prompt=str(prompt),
        negative_video=negative or NEGATIVE_VIDEO,
        negative_audio=str(_first(values, "audioNegativePrompt") or "").strip() or NEGATIVE_AUDIO,
        size=size,
        steps=_steps(_first(values, "steps", "inferenceSteps", "num_inference_steps")),
        seconds=_number(_first(values, "seconds", "durationSeconds", "duration")),
        sound=wants_sound(values),
    )


_CONTRACTS: Final[dict[str, Callable[[Values, Size | None], Request]]] = {OVI: _ovi, VEO: _veo, SORA: _sora}


def _first_frame(files: Mapping[str, tuple[str, ...]]) -> tuple[str | None, tuple[str, ...]]:
    """The picture that the clip begins with, and a note on every other file."""
    name = next((name for name in IMAGES if files.get(name)), None)
    notes = [
        f"{other} is not played: Ovi begins with one image and takes no other files."
        for other, paths in files.items()
        if paths and other != name
    ]
    if name is None:
        return None, tuple(notes)
    if len(files[name]) > 1:
        notes.append(f"Of the {len(files[name])} images in {name} the first one is played.")
    return files[name][0], tuple(notes)


def _first(values: Values, *names: str) -> str | int | float | None:
    return next((values[name] for name in names if name in values), None)


def _named(resolution: str) -> Size | None:
    """The two figures of `512x992`, in their order; None if it is something else."""
    match = re.fullmatch(r"\s*([1-9]\d{1,3})\s*[x×*]\s*([1-9]\d{1,3})\s*", resolution)
    return (int(match[1]), int(match[2])) if match else None


def _tier(resolution: str, ratio: str) -> Size:
    """The size of "720p" and its like at `ratio`, width to height; the shorter side is the tier's."""
    short = _SHORT_SIDE.get(resolution.lower(), _SHORT_SIDE["720p"])
    wide, high = (int(part) for part in ratio.split(":"))
    long = round(short * max(wide, high) / min(wide, high))
    return (short, long) if wide >= high else (long, short)


def _steps(given: str | float | None) -> int | None:
    number = _number(given)
    return None if number is None else max(1, min(_MOST_STEPS, round(number)))


def _number(given: str | float | None) -> float | None:
    """A number as a form or a select sends it ("8", 8, "8s"); None if it is none above zero."""
    match = re.fullmatch(r"\s*(\d{1,6}(?:\.\d{1,6})?)\s*(?:s|sec|seconds)?\s*", str(given))
    number = float(match[1]) if match else 0.0
    return number if number > 0 else None


def _written(size: Size) -> str:
    return f"{size[1]} x {size[0]} pixels"
