"""When things happen: shots, captions and subtitles on the clip's time axis. Pure functions; times in seconds."""

from collections.abc import Sequence
from typing import Final

import msgspec

from understudy.engines.animatic.prompt.beats import beats
from understudy.engines.animatic.prompt.lines import Line
from understudy.engines.animatic.prompt.reading import Reading, Shot

CHARACTERS_PER_SECOND: Final = 15.0
"""A usual reading speed of subtitles for adults (streaming services allow up to 20)."""
_SECONDS_PER_BEAT: Final = 3.5
_SHORTEST_SHOT: Final = 1.2
_SHORTEST_SUBTITLE: Final = 1.0
_LEAD: Final = 0.5
_TAIL: Final = 0.35
_GAP: Final = 0.12
_LONGEST_SUBTITLE: Final = 84
"""Two lines of 42 characters."""


class Span(msgspec.Struct, frozen=True):
    """Words on the time axis."""

    text: str
    start: float
    end: float


class Scene(msgspec.Struct, frozen=True):
    """One shot on the time axis, with the captions that tell it."""

    shot: Shot
    start: float
    end: float
    captions: tuple[Span, ...]


class Speech(msgspec.Struct, frozen=True):
    """One spoken line on the time axis, and its subtitles."""

    line: Line
    start: float
    end: float
    subtitles: tuple[Span, ...]


class Timeline(msgspec.Struct, frozen=True):
    """One clip's plan."""

    scenes: tuple[Scene, ...]
    speeches: tuple[Speech, ...]


def plan(reading: Reading, seconds: float, lengths: Sequence[float] | None = None) -> Timeline:
    """Lay a reading out over a clip of `seconds`.

    `lengths` are the seconds that each spoken line takes, if a voice speaks it; without, each gets the time to read it.
    """
    return Timeline(_scenes(reading, seconds), _speeches(reading, seconds, lengths))


def most_shots(seconds: float) -> int:
    """How many shots a clip has room for."""
    return max(1, min(6, int(seconds / _SHORTEST_SHOT)))


def reading_time(text: str) -> float:
    """Seconds to read `text` as a subtitle."""
    return max(_SHORTEST_SUBTITLE, 0.4 + len(text) / CHARACTERS_PER_SECOND)


def _scenes(reading: Reading, seconds: float) -> tuple[Scene, ...]:
    # Each shot gets the shortest time, the rest goes by the length of its words.
    shots = reading.shots
    spare = max(0.0, seconds - _SHORTEST_SHOT * len(shots))
    words = sum(len(shot.text) + 1 for shot in shots)
    base = min(_SHORTEST_SHOT, seconds / len(shots))
    scenes: list[Scene] = []
    start = 0.0
    for number, shot in enumerate(shots, 1):
        length = base + spare * (len(shot.text) + 1) / words
        end = seconds if number == len(shots) else start + length
        scenes.append(Scene(shot, start, end, _captions(shot.text, start, end)))
        start = end
    return tuple(scenes)


def _captions(text: str, start: float, end: float) -> tuple[Span, ...]:
    if not any(char.isalnum() for char in text):
        return ()
    told = beats(text, max(1, round((end - start) / _SECONDS_PER_BEAT)))
    shares = [max(20, len(caption)) for caption in told]
    spans: list[Span] = []
    at = start
    for caption, share in zip(told, shares, strict=True):
        until = at + (end - start) * share / sum(shares)
        spans.append(Span(caption, at, until))
        at = until
    return tuple(spans)


def _speeches(reading: Reading, seconds: float, lengths: Sequence[float] | None) -> tuple[Speech, ...]:
    lines = reading.lines
    if not lines:
        return ()
    wanted = [
        reading_time(line.text) if lengths is None else lengths[index] for index, line in enumerate(lines)
    ]
    lead, tail = min(_LEAD, seconds * 0.1), min(_TAIL, seconds * 0.08)
    gap = min(_GAP, 0.2 * seconds / len(lines))
    room = seconds - lead - tail - gap * (len(lines) - 1)
    squeeze = min(1.0, room / sum(wanted))
    needed = [length * squeeze for length in wanted]
    speeches: list[Speech] = []
    earliest = lead
    for index, (line, length) in enumerate(zip(lines, needed, strict=True)):
        after = sum(needed[index:]) + gap * (len(lines) - 1 - index)
        latest = max(earliest, seconds - tail - after)
        # Where the words stand in the prompt is about when they are said.
        middle = seconds * (line.start + line.end) / 2 / max(1, len(reading.text))
        start = min(latest, max(earliest, middle - length / 2))
        speeches.append(Speech(line, start, start + length, _subtitles(line.text, start, start + length)))
        earliest = start + length + gap
    return tuple(speeches)


def _subtitles(text: str, start: float, end: float) -> tuple[Span, ...]:
    pages = _pages(text)
    whole = sum(map(len, pages))
    spans: list[Span] = []
    at = start
    for page in pages:
        until = at + (end - start) * len(page) / whole
        spans.append(Span(page, at, until))
        at = until
    return tuple(spans)


def _pages(text: str) -> list[str]:
    """`text` in pages of two lines, cut between words; a word longer than a page is cut, too."""
    pages = [""]
    for word in text.split():
        while len(word) > _LONGEST_SUBTITLE:
            pages.append(word[:_LONGEST_SUBTITLE])
            word = word[_LONGEST_SUBTITLE:]
        if len(pages[-1]) + len(word) + 1 > _LONGEST_SUBTITLE and pages[-1]:
            pages.append("")
        pages[-1] = f"{pages[-1]} {word}".strip()
    return [page for page in pages if page]
