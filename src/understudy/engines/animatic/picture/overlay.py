"""The words over the picture: mark, timecode, shot note, cue list, captions, subtitles. All inside the title-safe area."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final

import msgspec
from PIL import Image, ImageDraw

from understudy.engines.animatic.picture.planes import Planes, Sprite
from understudy.engines.animatic.picture.type import (
    RGBA,
    Font,
    balanced,
    broken,
    font,
    set_lines,
    set_tracked,
    settable,
    shortened,
)
from understudy.engines.animatic.prompt.setting import RGB
from understudy.engines.animatic.timeline import Span

TITLE_SAFE: Final = 0.05
"""The part of the longer side that stays free of words at each edge (SMPTE RP 2046-1)."""
_FADE: Final = 0.35
_SUBTITLE_FADE: Final = 0.08
_QUIET: Final[RGBA] = (255, 255, 255, 205)
_CAPTION_SIZES: Final = ((40, 3), (34, 4), (29, 5), (25, 7))
"""Sizes in pixels at 720 lines, and the most lines that each may have."""
_CAPTION_LEADING: Final = 1.32
_BAND: Final = 0.16
_LONGEST_CAPTION: Final = 600
"""Characters; no frame holds more."""


class Notes(msgspec.Struct, frozen=True):
    """What stands at the frame's edges for the whole of a shot."""

    shot: str
    cues: str
    accent: RGB


class Layout(msgspec.Struct, frozen=True):
    """The frame's measures in pixels; type sizes are given at 720 lines and scaled by `unit`."""

    width: int
    height: int

    @property
    def unit(self) -> float:
        """Pixels for one pixel of a 720-line frame."""
        return min(self.width, self.height) / 720

    @property
    def margin(self) -> int:
        """The title-safe margin."""
        return round(max(self.width, self.height) * TITLE_SAFE)

    @property
    def upright(self) -> bool:
        """Higher than wide."""
        return self.height > self.width

    def px(self, length: float) -> int:
        """A length given at 720 lines."""
        return max(1, round(length * self.unit))


class Timed(msgspec.Struct, frozen=True):
    """A sprite that is seen from `start` to `end` (seconds), faded in and out over `fade`."""

    sprite: Sprite
    start: float
    end: float
    fade: float

    def draw(self, frame: Planes, seconds: float) -> None:
        """Lay it over `frame`, if its time is now."""
        if self.start <= seconds < self.end:
            inward = 1.0 if self.start <= 0 else (seconds - self.start) / self.fade
            self.sprite.draw(frame, min(1.0, inward + 0.05, (self.end - seconds) / self.fade))


def scrims(layout: Layout, *, strong: bool) -> tuple[Sprite, Sprite]:
    """Soft shade at the top and the bottom edge that keeps the notes readable over any picture."""
    deep = 0.74 if strong else 0.34
    band = max(2, round(layout.height * _BAND))
    strip = Image.new("L", (1, band))
    for row in range(band):
        strip.putpixel((0, row), round(255 * deep * (1 - row / band) ** 1.6))
    alpha = strip.resize((layout.width, band))
    shade = Image.new("RGBA", alpha.size)
    shade.putalpha(alpha)
    below = shade.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    return Sprite(shade, 0, 0), Sprite(below, 0, layout.height - band)


def mark(layout: Layout, accent: RGB) -> Sprite:
    """The "ANIMATIC" mark at the top left: a dot in the accent's colour, tracked capitals."""
    words = set_tracked(
        "ANIMATIC",
        font("SemiBold", layout.px(15)),
        tracking=2.6 * layout.unit,
        colour=_QUIET,
        shadow=layout.unit * 2,
    )
    dot, gap = layout.px(8), layout.px(8)
    picture = Image.new("RGBA", (words.width + dot + gap, words.height))
    picture.alpha_composite(words, (dot + gap - layout.px(4), 0))
    large = Image.new("RGBA", (dot * 4, dot * 4), (*accent, 0))
    ImageDraw.Draw(large).ellipse((0, 0, dot * 4 - 1, dot * 4 - 1), fill=(*accent, 255))
    small = large.resize((dot, dot), Image.Resampling.LANCZOS)
    picture.alpha_composite(small, (0, (words.height - dot) // 2))
    return Sprite(picture, layout.margin, layout.margin - layout.px(6))


def notes(layout: Layout, text: Notes) -> list[Sprite]:
    """The shot note at the bottom left and the cue list at the bottom right; one above the other if both are long."""
    face = font("SemiBold", layout.px(14))
    tracking = 1.3 * layout.unit
    limit = layout.width - 2 * layout.margin
    pictures = [
        set_tracked(
            _cut(words, face, tracking, limit), face, tracking=tracking, colour=_QUIET, shadow=layout.unit * 2
        )
        for words in (text.shot, text.cues)
        if words
    ]
    bottom = layout.height - layout.margin
    edge = layout.px(4)
    if len(pictures) == 2 and sum(picture.width for picture in pictures) + layout.px(24) > limit:
        first = Sprite(pictures[0], layout.margin - edge, bottom - pictures[0].height - layout.px(20))
        return [first, Sprite(pictures[1], layout.margin - edge, bottom - pictures[1].height + edge)]
    sprites = [
        Sprite(picture, layout.margin - edge, bottom - picture.height + edge) for picture in pictures[:1]
    ]
    for picture in pictures[1:]:
        left = layout.width - layout.margin - picture.width + edge
        sprites.append(Sprite(picture, left, bottom - picture.height + edge))
    return sprites


def _cut(words: str, face: Font, tracking: float, limit: float) -> str:
    while len(words) > 4 and sum(face.getlength(char) + tracking for char in words) > limit:
        words = words[:-2].rstrip(" ,·…") + "…"
    return words


def timecode(layout: Layout, fps: int) -> Callable[[Planes, int], None]:
    """A function that draws the timecode hh:mm:ss:ff of a frame's number at the top right, its digits in columns."""
    face = font("Medium", layout.px(17))
    wide = max(face.getlength(digit) for digit in "0123456789")
    narrow = face.getlength(":") + layout.unit
    offsets, at = [], 0.0
    for number in range(11):
        offsets.append(at)
        at += narrow if number % 3 == 2 else wide
    left, top = layout.width - layout.margin - round(at), layout.margin - layout.px(3)

    @lru_cache(maxsize=256)
    def glyph(char: str, place: int) -> Sprite:
        indent = (wide - face.getlength(char)) / 2 if char != ":" else 0.0
        picture = set_lines([char], face, leading=0, colour=_QUIET)
        return Sprite(picture, left + round(offsets[place] + indent), top)

    def draw(frame: Planes, number: int) -> None:
        seconds, part = divmod(number, fps)
        text = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}:{part:02}"
        for place, char in enumerate(text):
            glyph(char, place).draw(frame)

    return draw


def captions(layout: Layout, spans: Sequence[tuple[Span, str]], accent: RGB) -> tuple[Timed, ...]:
    """The words of each beat with its label, set large under the mark: a rule, the label, the text.

    All are set in one size, the largest in which each fits. Words in a script that the fonts lack are left out.
    """
    readable = [
        (words[:_LONGEST_CAPTION], span, label) for span, label in spans if (words := settable(span.text))
    ]
    measure = (layout.width - 2 * layout.margin) * (1.0 if layout.upright else 0.5)
    more = 2 if layout.upright else 0
    size, most = _CAPTION_SIZES[-1]
    for size, most in _CAPTION_SIZES:
        face = font("Medium", layout.px(size))
        if all(len(broken(words, face, measure)) <= most + more for words, _, _ in readable):
            break
    face = font("Medium", layout.px(size))
    return tuple(
        _caption(layout, _fitted(words, most + more, face, measure), size, span, label, accent)
        for words, span, label in readable
    )


def _fitted(words: str, most: int, face: Font, measure: float) -> list[str]:
    lines = balanced(words, face, measure)
    return lines if len(lines) <= most else shortened(broken(words, face, measure), most, face, measure)


def _caption(layout: Layout, lines: list[str], size: int, span: Span, label: str, accent: RGB) -> Timed:
    face = font("Medium", layout.px(size))
    text = set_lines(lines, face, leading=size * _CAPTION_LEADING * layout.unit, shadow=layout.unit * 4)
    small_face = font("SemiBold", layout.px(13))
    small = set_tracked(label, small_face, tracking=2.2 * layout.unit, colour=_QUIET, shadow=layout.unit * 2)
    rule = Image.new("RGBA", (layout.px(40), layout.px(3)), (*accent, 255))
    # The shadows' margins: the ink of all three starts at the same line.
    edge, inset = round(layout.unit * 4) * 2, round(layout.unit * 2) * 2
    heading = layout.px(46)
    picture = Image.new(
        "RGBA", (max(text.width, small.width + edge, rule.width + edge), text.height + heading)
    )
    picture.alpha_composite(rule, (edge, 0))
    picture.alpha_composite(small, (edge - inset, layout.px(13)))
    picture.alpha_composite(text, (0, heading - inset))
    return Timed(
        Sprite(picture, layout.margin - edge, layout.margin + layout.px(46)), span.start, span.end, _FADE
    )


def subtitle(layout: Layout, span: Span) -> Timed | None:
    """One subtitle, centred above the notes on a dark ground. None if the fonts lack its script."""
    words = settable(span.text)
    if not words:
        return None
    face = font("Medium", layout.px(29))
    measure = min(layout.width - 2 * layout.margin, layout.px(860))
    lines = shortened(balanced(words, face, measure), 4, face, measure)
    text = set_lines(lines, face, leading=29 * 1.3 * layout.unit, centred=True)
    pad_x, pad_y = layout.px(18), layout.px(8)
    size = (text.width + 2 * pad_x, text.height + 2 * pad_y)
    ground = Image.new("L", (size[0] * 2, size[1] * 2))
    ImageDraw.Draw(ground).rounded_rectangle(
        (0, 0, size[0] * 2 - 1, size[1] * 2 - 1), layout.px(9) * 2, fill=158
    )
    picture = Image.new("RGBA", size, (8, 10, 14, 0))
    picture.putalpha(ground.resize(size, Image.Resampling.LANCZOS))
    picture.alpha_composite(text, (pad_x, pad_y))
    top = layout.height - layout.margin - layout.px(64 if layout.upright else 44) - picture.height
    return Timed(
        Sprite(picture, (layout.width - picture.width) // 2, top), span.start, span.end, _SUBTITLE_FADE
    )
