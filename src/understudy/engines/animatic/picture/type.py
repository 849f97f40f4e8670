"""Setting type: fonts, line breaks, and words as pictures."""

import io
from functools import lru_cache
from importlib import resources
from typing import Final, Literal

from PIL import Image, ImageDraw, ImageFilter, ImageFont

Weight = Literal["Medium", "SemiBold"]
Font = ImageFont.FreeTypeFont
RGBA = tuple[int, int, int, int]

WHITE: Final[RGBA] = (255, 255, 255, 255)
# What the bundled fonts were reduced to (see fonts/OFL.txt): Latin, Greek, Cyrillic, punctuation, currencies.
_RANGES: Final = (
    (0x20, 0x7E), (0xA0, 0x148), (0x14A, 0x1C3), (0x1C5, 0x24F), (0x2BB, 0x2BC), (0x2C6, 0x2DD), (0x300, 0x30C),
    (0x370, 0x377), (0x37A, 0x37F), (0x384, 0x38A), (0x38C, 0x38C), (0x38E, 0x3A1), (0x3A3, 0x3E1), (0x3F0, 0x49D),
    (0x4A0, 0x4FF), (0x1E00, 0x1EFF), (0x2010, 0x2027), (0x2030, 0x203A), (0x20A0, 0x20BF), (0x2122, 0x2122),
)  # fmt: skip
_ENOUGH: Final = 0.6


@lru_cache(maxsize=64)
def font(weight: Weight, size: int) -> Font:
    """The bundled typeface, Inter, at `size` pixels."""
    file = resources.files("understudy.engines.animatic") / "fonts" / f"Inter-{weight}.otf"
    return ImageFont.truetype(io.BytesIO(file.read_bytes()), max(4, size))


def settable(text: str) -> str:
    """`text` without the characters that the fonts lack; empty if too little of its letters would be left."""
    kept = "".join(char for char in text if any(low <= ord(char) <= high for low, high in _RANGES))
    letters = sum(char.isalnum() for char in text)
    if not letters or sum(char.isalnum() for char in kept) < _ENOUGH * letters:
        return ""
    return " ".join(kept.split())


def broken(text: str, face: Font, width: float) -> list[str]:
    """`text` in lines of at most `width` pixels; a word that is longer is cut."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if face.getlength(longer) <= width:
            lines[-1] = longer
            continue
        if lines[-1]:
            lines.append("")
        while face.getlength(word) > width and len(word) > 1:
            fits = _fitting(word, face, width)
            lines[-1] = word[:fits]
            lines.append("")
            word = word[fits:]
        lines[-1] = word
    return [line for line in lines if line]


def _fitting(word: str, face: Font, width: float) -> int:
    """How many of the word's characters fit, at least one."""
    low, high = 1, len(word)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if face.getlength(word[:middle]) <= width else (low, middle - 1)
    return low


def balanced(text: str, face: Font, width: float) -> list[str]:
    """Like `broken`, in lines of about the same length: the narrowest measure that needs no more lines."""
    lines = broken(text, face, width)
    if len(lines) < 2:
        return lines
    low, high = width * 0.55, width
    for _ in range(6):
        middle = (low + high) / 2
        low, high = (low, middle) if len(broken(text, face, middle)) <= len(lines) else (middle, high)
    return broken(text, face, high)


def shortened(lines: list[str], most: int, face: Font, width: float) -> list[str]:
    """The first `most` lines, with an ellipsis where words are missing."""
    if len(lines) <= most:
        return lines
    last = lines[most - 1]
    while last and face.getlength(f"{last.rstrip(' ,;:')} …") > width:
        last = last.rpartition(" ")[0] or last[:-1]
    return [*lines[: most - 1], f"{last.rstrip(' ,;:')} …"]


def set_lines(
    lines: list[str],
    face: Font,
    *,
    leading: float,
    colour: RGBA = WHITE,
    centred: bool = False,
    shadow: float = 0.0,
) -> Image.Image:
    """Lines as an RGBA picture; `leading` in pixels from one baseline to the next, `shadow` its softness in pixels.

    Around the words lies a margin of twice the shadow's softness.
    """
    margin = round(shadow * 2)
    ascent, descent = face.getmetrics()
    width = max((round(face.getlength(line)) + 1 for line in lines), default=1)
    height = round(leading * (len(lines) - 1)) + ascent + descent
    words = Image.new("L", (width + 2 * margin, height + 2 * margin))
    pen = ImageDraw.Draw(words)
    for number, line in enumerate(lines):
        indent = (width - face.getlength(line)) / 2 if centred else 0.0
        pen.text((margin + indent, margin + round(number * leading)), line, font=face, fill=255)
    return _inked(words, colour, shadow)


def set_tracked(
    text: str, face: Font, *, tracking: float, colour: RGBA = WHITE, shadow: float = 0.0
) -> Image.Image:
    """One line of small capitals' kind: with `tracking` pixels between the letters."""
    margin = round(shadow * 2)
    ascent, descent = face.getmetrics()
    advances = [face.getlength(char) + tracking for char in text]
    words = Image.new("L", (round(sum(advances)) + 2 + 2 * margin, ascent + descent + 2 * margin))
    pen = ImageDraw.Draw(words)
    at = float(margin)
    for char, advance in zip(text, advances, strict=True):
        pen.text((at, margin), char, font=face, fill=255)
        at += advance
    return _inked(words, colour, shadow)


def _inked(words: Image.Image, colour: RGBA, shadow: float) -> Image.Image:
    red, green, blue, opacity = colour
    picture = Image.new("RGBA", words.size, (red, green, blue, 0))
    picture.putalpha(words.point([round(value * opacity / 255) for value in range(256)]))
    if shadow <= 0:
        return picture
    dark = Image.new("RGBA", words.size, (0, 0, 0, 0))
    dark.putalpha(
        words.filter(ImageFilter.GaussianBlur(shadow)).point([round(value * 0.6) for value in range(256)])
    )
    return Image.alpha_composite(dark, picture)
