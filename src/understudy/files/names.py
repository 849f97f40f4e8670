"""File names from outside, made harmless: they are shown to people and put into URLs, never into paths of ours."""

import re
import unicodedata
from typing import Literal
from urllib.parse import quote

from understudy.files.sniff import TYPES

LONGEST = 100
"""Bytes of UTF-8 in a safe name, its extension included."""

# What some file system, shell or URL gives a meaning to.
_SPECIAL = re.compile(r'[<>:"|?*%#&;`$\\/]')


def safe_name(name: str, content_type: str) -> str:
    """The last part of `name`, fit to be shown and saved anywhere, with an extension that fits the type.

    Normalised to NFKC; without control, format and unassigned characters, separators and leading dots; at most
    `LONGEST` bytes. A name with nothing left becomes "file". An unknown content type gets ".bin".
    Applying it twice changes nothing.
    """
    media = TYPES.get(content_type)
    extensions = media.extensions if media else (".bin",)
    text = unicodedata.normalize("NFKC", name)
    text = re.split(r"[/\\]", text)[-1]
    text = "".join(c for c in text if unicodedata.category(c)[0] != "C" or c.isspace())
    # What stood around a character that is gone may compose now.
    text = unicodedata.normalize("NFKC", text)
    text = _SPECIAL.sub("-", " ".join(text.split()))
    text = text.lstrip(". ")
    stem, extension = _split(text, extensions)
    room = LONGEST - len(extension)
    stem = stem.encode()[:room].decode(errors="ignore").rstrip(". ")
    return (stem or "file") + extension


def content_disposition(name: str, how: Literal["inline", "attachment"] = "inline") -> str:
    """The header that gives a download its name: any name, in ASCII (RFC 6266 and RFC 8187)."""
    return f"{how}; filename*=UTF-8''{quote(name, safe='')}"


def _split(text: str, extensions: tuple[str, ...]) -> tuple[str, str]:
    """The stem, and the extension to use. Extensions that do not fit are dropped; the end of "v1.2" is none."""
    while True:
        stem, dot, last = text.rpartition(".")
        if not dot:
            return text, extensions[0]
        if f".{last.lower()}" in extensions:
            return stem, f".{last.lower()}"
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9]{0,4}", last):
            return text, extensions[0]
        text = stem
