"""A prompt as it is read: one line of plain text, with its marked-up parts found."""

import re
import unicodedata
from typing import Final

import msgspec

_ESCAPED: Final = re.compile(r"\\+(?=[\"'!?“”‘’])")
_SPACE: Final = re.compile(r"\s+")
_SPOKEN: Final = re.compile(r"<S>(.*?)(?:<E>|(?=<S>|<AUDCAP>)|$)", re.DOTALL)
_SOUND: Final = re.compile(r"<AUDCAP>(.*?)(?:<ENDAUDCAP>|$)", re.DOTALL)
_AUDIO: Final = re.compile(
    r"(?:^|(?<=[\s.!?;(\[]))(?:audio|sounds?|sfx|ambience|ambiance)\s*:\s*", re.IGNORECASE
)
_STRAY_TAG: Final = re.compile(r"</?(?:S|E|AUDCAP|ENDAUDCAP)>")
SENTENCE_END: Final = re.compile(r"[.!?…]+[\"'”’)\]]*(?=\s|$|[A-Z])|\n")
"""Where a sentence ends: not at the point of a number such as 3.1."""


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """A prompt, tidied."""

    plain: str
    """Without the markup of sound; spoken lines that were marked up stand in curly quotes."""
    marked: frozenset[str] = frozenset()
    """The lines that were marked up."""
    sound: str
    """What was said about sound alone: `Audio: ...` and `<AUDCAP>..<ENDAUDCAP>`."""


def tidy(prompt: str) -> str:
    """The prompt in one line, without escapes, control characters and the invisible marks of other editors."""
    text = unicodedata.normalize("NFC", _ESCAPED.sub("", prompt))
    kept = "".join(" " if unicodedata.category(char) in ("Cc", "Zl", "Zp") else char for char in text)
    kept = "".join(char for char in kept if unicodedata.category(char) not in ("Cs", "Co", "Cn"))
    return _SPACE.sub(" ", kept).strip()


def parse(prompt: str) -> Text:
    """Tidy a prompt and take its markup apart. An unclosed tag reaches to the end of the text."""
    text = tidy(prompt)
    heard = [match[1].strip() for match in _SOUND.finditer(text)]
    text = _SOUND.sub(" ", text)
    marked = frozenset(match[1].strip(" “”") for match in _SPOKEN.finditer(text))
    text = _SPOKEN.sub(lambda match: f"“{match[1].strip(' “”')}”" if match[1].strip() else " ", text)
    text = _STRAY_TAG.sub(" ", text)
    text, described = _without_audio(text)
    return Text(
        plain=_SPACE.sub(" ", text).strip(), marked=marked, sound=" ".join([*described, *heard]).strip()
    )


def _without_audio(text: str) -> tuple[str, list[str]]:
    """`text` without its `Audio: ...` sentences, and those sentences."""
    kept, described, position = [], [], 0
    for match in _AUDIO.finditer(text):
        if match.start() < position:
            continue
        end = SENTENCE_END.search(text, match.end())
        stop = end.end() if end else len(text)
        kept.append(text[position : match.start()])
        described.append(text[match.end() : stop].strip())
        position = stop
    return "".join([*kept, text[position:]]), described
