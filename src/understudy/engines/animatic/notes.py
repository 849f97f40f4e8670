"""The short notes that a storyboard carries: pure functions from what was read to words."""

from collections.abc import Iterable

from understudy.engines.animatic.prompt.camera import Move
from understudy.engines.animatic.prompt.cues import Cue
from understudy.engines.animatic.prompt.reading import Shot

_SEPARATOR = "  ·  "


def move_note(move: Move) -> str:
    """Such as "slow zoom in"."""
    return move.kind if move.speed == "normal" or move.kind == "static" else f"{move.speed} {move.kind}"


def shot_note(shot: Shot) -> str:
    """Such as "CU · slow zoom in · night", in capitals."""
    moves = " + ".join(move_note(move) for move in shot.moves) or "slow drift"
    parts = (
        shot.framing.size,
        shot.framing.angle,
        moves,
        shot.setting.time,
        "rain" if shot.setting.rain else "",
    )
    return _SEPARATOR.join(part for part in parts if part).upper()


def cue_note(cues: Iterable[Cue]) -> str:
    """Such as "SND rain, distant siren", in capitals; empty without cues."""
    names = ", ".join(cue_name(cue) for cue in cues)
    return f"SND  {names}".upper() if names else ""


def cue_name(cue: Cue) -> str:
    """Such as "distant siren" or "piano music"."""
    return " ".join(part for part in ("distant" if cue.distant else "", cue.style, cue.kind) if part)
