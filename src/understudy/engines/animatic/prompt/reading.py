"""All that a prompt says, in one record."""

import re
from typing import Final

import msgspec

from understudy.engines.animatic.prompt.beats import cut_points
from understudy.engines.animatic.prompt.camera import Framing, Move, camera_moves, framing
from understudy.engines.animatic.prompt.cues import Cue, sound_cues
from understudy.engines.animatic.prompt.lines import Line, spoken_lines, without
from understudy.engines.animatic.prompt.setting import Setting, setting_of
from understudy.engines.animatic.prompt.text import parse

_NO_SUBTITLES: Final = re.compile(r"\(?\bno (?:subtitles|captions|on-screen text)\b[.)]*", re.IGNORECASE)


class Shot(msgspec.Struct, frozen=True, kw_only=True):
    """What is seen between two cuts."""

    text: str
    start: int
    end: int
    """Where it stands in the reading's text, in characters."""
    moves: tuple[Move, ...]
    framing: Framing
    setting: Setting


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """One prompt, read."""

    text: str
    shots: tuple[Shot, ...]
    lines: tuple[Line, ...]
    cues: tuple[Cue, ...]
    subtitles: bool = True
    """False if the prompt asks for none."""


def read(prompt: str, most_shots: int = 6) -> Reading:
    """Read a prompt of any length, in any script; what it does not say gets the plain default.

    Of more cuts than `most_shots` allows, the last shots are one.
    """
    parsed = parse(prompt)
    lines = spoken_lines(parsed.plain, parsed.marked)
    scene = without(parsed.plain, lines)
    spans = cut_points(parsed.plain)
    if len(spans) > most_shots:
        spans = (*spans[: most_shots - 1], (spans[most_shots - 1][0], spans[-1][1]))
    whole = setting_of(scene)
    return Reading(
        text=parsed.plain,
        shots=tuple(
            Shot(
                text=_NO_SUBTITLES.sub("", parsed.plain[start:end]).strip(),
                start=start,
                end=end,
                moves=camera_moves(scene[start:end]),
                framing=framing(scene[start:end]),
                setting=setting_of(scene[start:end]) if len(spans) > 1 else whole,
            )
            for start, end in spans
        ),
        lines=lines,
        cues=sound_cues(scene, parsed.sound),
        subtitles=not _NO_SUBTITLES.search(scene),
    )
