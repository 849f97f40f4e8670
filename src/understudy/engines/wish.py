"""What a run asks for in words that all engines share: each contract's own inputs, read into one record.

An engine's mapping goes from here to its own protocol (see `engines.mappings`): contracts and engines then need one
reading each, not one for every pair. Pure functions, but for the header of the input picture.
"""

import re
from collections.abc import Mapping
from functools import partial
from typing import Final, Literal

import msgspec

from understudy.engines.engine import Contract, Job
from understudy.engines.values import Values, wants_sound
from understudy.errors import EngineInputError

Size = tuple[int, int]
"""Width and height in pixels."""

Ratio = Literal["16:9", "9:16"]
Field = Literal[
    "prompt",
    "picture",
    "seconds",
    "ratio",
    "tier",
    "sound",
    "negative",
    "negative_audio",
    "enhance",
    "people",
    "seed",
    "steps",
    "guidance",
]
"""What can be wished for. An input that is none of these (`FIELDS`) is known to one engine only."""


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """One clip, as its caller asked for it."""

    prompt: str
    picture: str | None = None
    """Path of the picture that the clip begins with: verified, upright, RGB."""
    picture_size: Size | None = None
    others: tuple[str, ...] = ()
    """Paths of further pictures."""
    seconds: float | None = None
    """None: the contract leaves the length to the engine."""
    ratio: Ratio = "16:9"
    """Settled already: "auto" is the picture's orientation, landscape if it is square or there is none."""
    tier: str = "720p"
    """`720p`, `1080p`: the length of the shorter side."""
    size: Size | None = None
    """The exact size, where the contract names one."""
    sound: bool = True
    negative: str = ""
    negative_audio: str = ""
    enhance: bool | None = None
    """Whether a model may rewrite the prompt; None if the contract does not say."""
    people: str = ""
    """`allow_adult`, `dont_allow`, or nothing."""
    seed: int = 0
    """What was given, or the task's own."""
    steps: int | None = None
    guidance: float | None = None


FIELDS: Final[Mapping[str, Field]] = {
    "prompt": "prompt",
    "inputImage": "picture",
    "image": "picture",
    "seconds": "seconds",
    "durationSeconds": "seconds",
    "duration": "seconds",
    "ratio": "ratio",
    "aspectRatio": "ratio",
    "aspect_ratio": "ratio",
    "resolution": "tier",
    "size": "tier",
    "generateAudio": "sound",
    "negativePrompt": "negative",
    "negative_prompt": "negative",
    "audioNegativePrompt": "negative_audio",
    "enhancePrompt": "enhance",
    "personGeneration": "people",
    "seed": "seed",
    "steps": "steps",
    "guidance": "guidance",
}
"""Which wish an input is, by its name: the same in every contract."""

HEIGHT_FIRST: Final = frozenset({"chetwinlow1/ovi"})
"""The contracts whose sizes are height x width."""


def wished(contract: Contract) -> dict[str, Field | None]:
    """For each input of a contract, in their order, what it wishes for; None: nothing that other engines know."""
    return {id: FIELDS.get(id) for id in contract.input_ids}


def wish_for(job: Job) -> Wish:
    """What `job` asks for; of a picture only the header is read.

    Raises `EngineInputError` if the picture cannot be read.
    """
    pictures = tuple(
        path for name, paths in job.files.items() if FIELDS.get(name) == "picture" for path in paths
    )
    others = tuple(
        path for name, paths in job.files.items() if FIELDS.get(name) != "picture" for path in paths
    )
    picture = pictures[0] if pictures else None
    size = _picture_size(picture) if picture else None
    value = partial(_given, job.values)
    exact = _exact(value("tier"), job.model)
    return Wish(
        prompt=value("prompt"),
        picture=picture,
        picture_size=size,
        others=(*pictures[1:], *others),
        seconds=_number(value("seconds")),
        ratio=_ratio(value("ratio"), exact, size),
        tier=_tier(value("tier"), exact),
        size=exact,
        sound=wants_sound(job.values),
        negative=value("negative").strip(),
        negative_audio=value("negative_audio").strip(),
        enhance=_truth(value("enhance")),
        people=value("people"),
        seed=_seed(value("seed"), job.seed),
        steps=_whole(value("steps")),
        guidance=_number(value("guidance")),
    )


def _given(values: Values, field: Field) -> str:
    return next((str(value) for name, value in values.items() if FIELDS.get(name) == field), "")


def _picture_size(path: str) -> Size:
    from PIL import Image

    try:
        with Image.open(path) as image:
            return image.size
    except OSError as error:
        raise EngineInputError("The input picture cannot be read.") from error


def _exact(text: str, model: str) -> Size | None:
    """WIDTHxHEIGHT; Ovi's are height x width."""
    match = re.fullmatch(r"\s*([1-9]\d{1,3})\s*[x×*]\s*([1-9]\d{1,3})\s*", text)
    if match is None:
        return None
    first, second = int(match[1]), int(match[2])
    return (second, first) if model in HEIGHT_FIRST else (first, second)


def _ratio(text: str, exact: Size | None, picture: Size | None) -> Ratio:
    named = re.fullmatch(r"\s*(\d{1,3}):(\d{1,3})\s*", text)
    shape = (int(named[1]), int(named[2])) if named else exact or picture
    return "9:16" if shape and shape[0] < shape[1] else "16:9"


def _tier(text: str, exact: Size | None) -> str:
    if exact is not None:
        return "1080p" if min(exact) > 720 else "720p" if min(exact) > 540 else "480p"
    return text.strip().lower() if re.fullmatch(r"\s*(\d{3,4}p|[48]k)\s*", text, re.IGNORECASE) else "720p"


def _seed(text: str, own: int) -> int:
    given = _whole(text)
    return given if given else own


def _truth(text: str) -> bool | None:
    return None if not text else text.strip().lower() in ("true", "1", "yes", "on")


def _whole(text: str) -> int | None:
    return int(text) if re.fullmatch(r"\s*\d{1,10}\s*", text) else None


def _number(text: str) -> float | None:
    """A number as a form or a select sends it ("8", "8s"); None if it is none above zero."""
    match = re.fullmatch(r"\s*(\d{1,6}(?:\.\d{1,6})?)\s*(?:s|sec|seconds)?\s*", text)
    number = float(match[1]) if match else 0.0
    return number if number > 0 else None
