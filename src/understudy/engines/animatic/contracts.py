"""What clip a run has to be: each model's own inputs, turned into one record. Pure functions."""

import re
from collections.abc import Callable
from typing import Final

import msgspec

from understudy.engines.values import Values, wants_sound

Size = tuple[int, int]
"""Width and height in pixels."""


class Spec(msgspec.Struct, frozen=True, kw_only=True):
    """The clip that is asked for. `width` and `height` are even; `fps` times `seconds` frames."""

    width: int
    height: int
    fps: int
    seconds: float
    sound: bool = True

    @property
    def frames(self) -> int:
        """How many frames the clip has."""
        return max(1, round(self.seconds * self.fps))


_LONG_SIDE: Final = {"480p": 854, "512p": 912, "540p": 960, "720p": 1280, "1080p": 1920}
_SHORT_SIDE: Final = {"480p": 480, "512p": 512, "540p": 540, "720p": 720, "1080p": 1080}
_LANDSCAPE: Final = "16:9"
_PORTRAIT: Final = "9:16"
# What one run may cost here, whatever an unknown model's inputs say.
_MOST_SECONDS: Final = 60.0
_LEAST_SIDE, _MOST_SIDE = 64, 4096
# Ovi's patches: 16 pixels of its autoencoder times 2 of its transformer.
_OVI_MULTIPLE: Final = 32
_OVI_LANDSCAPE: Final[Size] = (992, 512)


def spec_for(model: str, values: Values, image: Size | None) -> Spec:
    """The clip that `model` promises for these checked values; `image` is the input picture's size, if there is one.

    A model that is not known by name is read by the usual names of its inputs.
    """
    return _CONTRACTS.get(model, _any)(values, image)


def _sora(values: Values, image: Size | None) -> Spec:
    """Seconds x resolution x ratio. 30 frames a second: OpenAI's API has no input for it, its clips come at 30."""
    ratio = str(values.get("ratio", "auto"))
    width, height = _tier(str(values.get("resolution", "720p")), _ratio(ratio, image))
    return Spec(width=width, height=height, fps=30, seconds=_number(values.get("seconds"), 4))


def _veo(values: Values, image: Size | None) -> Spec:
    """Veo 3.1 makes 24 frames a second, and no sound stream if generateAudio is false."""
    width, height = _tier(str(values.get("resolution", "720p")), str(values.get("aspectRatio", _LANDSCAPE)))
    return Spec(
        width=width,
        height=height,
        fps=24,
        seconds=_number(values.get("durationSeconds"), 8),
        sound=wants_sound(values),
    )


def _ovi(values: Values, image: Size | None) -> Spec:
    """Its resolutions are height x width; `default` is the image's shape at the usual area, or 992 x 512 without one.

    Always 5 seconds at 24 frames a second: 120 frames, where the model itself makes 121, the first being the image.
    """
    named = re.fullmatch(r"(\d{2,4})x(\d{2,4})", str(values.get("resolution", "default")))
    if named:
        width, height = _even(int(named[2])), _even(int(named[1]))
    else:
        width, height = _fitted(image) if image else _OVI_LANDSCAPE
    return Spec(width=width, height=height, fps=24, seconds=5)


def _any(values: Values, image: Size | None) -> Spec:
    """By the names that such models usually have: WIDTHxHEIGHT or a tier as resolution or size, seconds or duration."""
    length = next(
        (values[name] for name in ("seconds", "durationSeconds", "duration") if name in values), None
    )
    size = str(next((values[name] for name in ("resolution", "size") if name in values), "720p"))
    ratio = str(
        next((values[name] for name in ("aspectRatio", "aspect_ratio", "ratio") if name in values), "auto")
    )
    named = re.fullmatch(r"(\d{2,4})\s*[x×*]\s*(\d{2,4})", size)
    width, height = (int(named[1]), int(named[2])) if named else _tier(size, _ratio(ratio, image))
    return Spec(
        width=_bounded(width),
        height=_bounded(height),
        fps=max(8, min(60, round(_number(values.get("fps"), 24)))),
        seconds=max(1.0, min(_MOST_SECONDS, _number(length, 5))),
        sound=wants_sound(values),
    )


_CONTRACTS: Final[dict[str, Callable[[Values, Size | None], Spec]]] = {
    "openai/sora-2-pro": _sora,
    "google/veo3-1": _veo,
    "chetwinlow1/ovi": _ovi,
}


def _ratio(ratio: str, image: Size | None) -> str:
    """`ratio`, or if that is "auto" (or nothing known) the image's, landscape if square or without one."""
    if re.fullmatch(r"\d{1,3}:\d{1,3}", ratio):
        return ratio
    return _PORTRAIT if image and image[0] < image[1] else _LANDSCAPE


def _tier(resolution: str, ratio: str) -> Size:
    """The size of "720p" and its like: exactly 1280 x 720 for 16:9; other ratios keep the shorter side."""
    tier = resolution.lower() if resolution.lower() in _SHORT_SIDE else "720p"
    wide, high = (max(1, int(part)) for part in ratio.split(":"))
    if (wide, high) == (16, 9):
        return _LONG_SIDE[tier], _SHORT_SIDE[tier]
    if (wide, high) == (9, 16):
        return _SHORT_SIDE[tier], _LONG_SIDE[tier]
    short = _SHORT_SIDE[tier]
    long = _bounded(round(short * max(wide, high) / min(wide, high)))
    return (long, short) if wide >= high else (short, long)


def _fitted(image: Size) -> Size:
    """The image's shape at the area of Ovi's own landscape format, each side a multiple of 32."""
    area = _OVI_LANDSCAPE[0] * _OVI_LANDSCAPE[1]
    ratio = max(0.25, min(4.0, image[0] / max(1, image[1])))
    width, height = (area * ratio) ** 0.5, (area / ratio) ** 0.5
    return _multiple(width), _multiple(height)


def _multiple(length: float) -> int:
    return max(1, round(length / _OVI_MULTIPLE)) * _OVI_MULTIPLE


def _bounded(length: int) -> int:
    return _even(max(_LEAST_SIDE, min(_MOST_SIDE, length)))


def _even(length: int) -> int:
    return max(2, length // 2 * 2)


def _number(value: str | float | None, default: float) -> float:
    """A number as a form or a select sends it ("8", 8, "8s")."""
    named = (
        re.match(r"\s*(\d{1,4}(?:\.\d{1,6})?)\s*(?:s|sec|seconds)?\s*$", str(value))
        if value is not None
        else None
    )
    return float(named[1]) if named else default
