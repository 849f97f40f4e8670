"""What the model gets as a prompt: its own markup, made of what people write. Pure functions on text.

Spoken lines stand in `<S>...<E>`. Sounds are described in `<AUDCAP>...<ENDAUDCAP>` or behind `Audio:`, whichever the
checkpoint was taught.
"""

import re
from collections.abc import Callable
from typing import Final, Literal

import msgspec

from understudy.engines.ovi.config import TagStyle
from understudy.engines.ovi.quotes import spoken_lines
from understudy.errors import EngineInputError

_LABEL: Final = "Audio:"
_LABELLED: Final = re.compile(rf"{_LABEL}\s*(.*)", re.DOTALL)
_TAGGED: Final = re.compile(r"<AUDCAP>(.*?)<ENDAUDCAP>", re.DOTALL)
# ASCII: the long s counts as an S without it.
_TAG: Final = re.compile(r"<(S|E|AUDCAP|ENDAUDCAP)>", re.IGNORECASE | re.ASCII)
_CLOSING: Final = {"S": "E", "AUDCAP": "ENDAUDCAP"}
_OPENING: Final = {closing: opening for opening, closing in _CLOSING.items()}
# Looked for from the start of a run of backslashes only: from each of them it would take the square of their number.
_ESCAPED: Final = re.compile(r"(?<!\\)\\+(?=[\"'!?“”‘’])")
_EXCERPT: Final = 24
"""Characters shown on each side of a place in a prompt."""
_SHOWN: Final = 60
"""Characters shown of a spoken line."""


class Prompt(msgspec.Struct, frozen=True):
    """A prompt, ready for a checkpoint."""

    text: str
    """What the model gets."""
    notes: tuple[str, ...] = ()
    """What was changed, as sentences for a person."""


class _Piece(msgspec.Struct, frozen=True):
    """A stretch of a prompt: with its tags if it has some."""

    kind: Literal["plain", "S", "AUDCAP"]
    text: str


def rewrite(prompt: str, style: TagStyle) -> str:
    """`prompt` with its sounds in a checkpoint's style, exactly as the reference does it.

    tags: everything behind the first `Audio:` goes between `<AUDCAP>` and `<ENDAUDCAP>`.
    label: each `<AUDCAP>...<ENDAUDCAP>` becomes `Audio: ...`.
    """
    if style == "tags":
        return _LABELLED.sub(lambda match: f"<AUDCAP>{match[1]}<ENDAUDCAP>", prompt)
    return _TAGGED.sub(lambda match: f"{_LABEL} {match[1]}", prompt)


def compose(prompt: str, style: TagStyle) -> Prompt:
    """What a checkpoint of `style` gets for what a person wrote; a prompt in that style already stays as it is.

    Tags may be in any case. Without any `<S>`, what is surely spoken is put in `<S>...<E>` (see
    `quotes.spoken_lines`), but for what describes sounds. Sounds may be in either style; `Audio:` reaches to the next
    tag. Backslashes before quotation marks, left over from other programs, go. Doing it again changes nothing, and no
    word is lost.
    Raises `EngineInputError`, saying where, if a tag is not closed, closes nothing, or stands inside another pair.
    """
    _pieces(prompt)
    text, notes = prompt, list[str]()

    def change(changed: str, note: str) -> None:
        nonlocal text
        if changed != text:
            text = changed
            notes.append(note)

    change(_TAG.sub(lambda tag: tag[0].upper(), text), "Tags are in capitals now.")
    change(_ESCAPED.sub("", text), "Backslashes before quotation marks are left out.")
    if "<S>" not in text:
        lines: list[str] = []
        marked = _each(text, lambda piece: _marked(piece, lines))
        change(marked, f"Taken as spoken: {'; '.join(f'“{_short(line)}”' for line in lines)}")
    written = "between <AUDCAP> and <ENDAUDCAP>" if style == "tags" else f"behind {_LABEL}"
    change(_each(text, lambda piece: _styled(piece, style)), f"The sounds stand {written} now.")
    return Prompt(text, tuple(notes))


def _each(text: str, change: Callable[[_Piece], str]) -> str:
    return "".join(map(change, _pieces(text)))


def _marked(piece: _Piece, lines: list[str]) -> str:
    """`piece` with its spoken lines in tags; they are added to `lines`."""
    if piece.kind != "plain":
        return piece.text
    scene, label, sounds = piece.text.partition(_LABEL)
    parts, last = list[str](), 0
    for line in spoken_lines(scene):
        parts += scene[last : line.start], f"<S>{line.words}<E>"
        last = line.end
        lines.append(line.words)
    return "".join([*parts, scene[last:], label, sounds])


def _styled(piece: _Piece, style: TagStyle) -> str:
    """`piece` with its sounds in `style`. Spoken words stay: somebody may say "Audio:"."""
    if piece.kind == "S" or (piece.kind == "AUDCAP" and style == "tags"):
        return piece.text
    return rewrite(piece.text, style)


def _pieces(prompt: str) -> list[_Piece]:
    """`prompt` cut at its tags. Raises `EngineInputError` if they are not in order."""
    pieces: list[_Piece] = []
    opened: re.Match[str] | None = None
    start = 0
    for tag in _TAG.finditer(prompt):
        name = tag[1].upper()
        if opened is None:
            if name in _OPENING:
                raise _refused(
                    prompt,
                    tag,
                    f"closes nothing: put <{_OPENING[name]}> before what it ends, or leave it out",
                )
            pieces.append(_Piece("plain", prompt[start : tag.start()]))
            opened, start = tag, tag.start()
        else:
            kind = _kind(opened)
            if name != _CLOSING[kind]:
                raise _refused(prompt, tag, f"stands inside <{kind}>: put <{_CLOSING[kind]}> before it")
            pieces.append(_Piece(kind, prompt[start : tag.end()]))
            opened, start = None, tag.end()
    if opened is not None:
        raise _refused(
            prompt, opened, f"is never closed: put <{_CLOSING[_kind(opened)]}> behind what it begins"
        )
    return [*pieces, _Piece("plain", prompt[start:])]


def _kind(opened: re.Match[str]) -> Literal["S", "AUDCAP"]:
    return "S" if opened[1].upper() == "S" else "AUDCAP"


def _refused(prompt: str, tag: re.Match[str], reason: str) -> EngineInputError:
    """One line that says where `tag` is and shows it behind an arrow."""
    line = prompt.count("\n", 0, tag.start()) + 1
    column = tag.start() - (prompt.rfind("\n", 0, tag.start()) + 1) + 1
    first, last = max(0, tag.start() - _EXCERPT), min(len(prompt), tag.end() + _EXCERPT)
    shown = f"{prompt[first : tag.start()]}→{prompt[tag.start() : last]}"
    shown = f"{'…' if first else ''}{' '.join(shown.split())}{'…' if last < len(prompt) else ''}"
    return EngineInputError(
        f"In the prompt, {tag[0]} in line {line}, column {column} {reason}. It is here: {shown}"
    )


def _short(line: str) -> str:
    line = " ".join(line.split())
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1].rstrip()}…"
