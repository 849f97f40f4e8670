"""The camera of a prompt: how it moves, and how much it sees."""

import re
from typing import Final, Literal

import msgspec

MoveKind = Literal[
    "zoom in", "zoom out", "dolly in", "dolly out", "pan left", "pan right", "tilt up", "tilt down",
    "rise", "descend", "track", "orbit", "handheld", "static",
]  # fmt: skip
Speed = Literal["slow", "normal", "fast"]
Size = Literal["", "ECU", "CU", "MS", "WS", "EWS"]
"""The film's shot sizes: extreme close-up, close-up, medium, wide, extreme wide."""


class Move(msgspec.Struct, frozen=True):
    """One movement. Those of one phase happen together; the phases follow each other."""

    kind: MoveKind
    speed: Speed = "normal"
    phase: int = 0


class Framing(msgspec.Struct, frozen=True):
    """What the frame holds."""

    size: Size = ""
    angle: str = ""


# A verb that others use too counts only behind "camera" in the same clause, or beside another movement of it.
_CAMERA = r"\bcamera\b[^.;]{0,60}?\b"
_KINDS: Final[tuple[tuple[MoveKind, str], ...]] = (
    ("zoom in", r"\bzoom(?:s|ing|ed)?[ -]+(?:\w+ly )?in\b|\bzoom(?:s|ing)? (?:slowly )?(?:closer|onto)\b"),
    ("zoom out", r"\bzoom(?:s|ing|ed)?[ -]+(?:\w+ly )?out\b|\bpan(?:s|ning)? out\b"),
    ("dolly in", rf"\bdoll(?:y|ies|ying)[ -]+(?:\w+ly )?(?:in|forward)\b|\bpush(?:es|ing)?[ -]+(?:\w+ly )?in\b|{_CAMERA}(?:move|glide|drift|creep|get|push)(?:s|es|ing)? (?:slowly |gently )?(?:closer|forward|in\b|toward|into)"),
    ("dolly out", rf"\bdoll(?:y|ies|ying)[ -]+(?:\w+ly )?(?:out|back)\b|\bpull(?:s|ing)?[ -]+(?:\w+ly )?(?:back|out|away)\b|{_CAMERA}(?:move|glide|drift|retreat)s?(?:ing)? (?:slowly )?(?:away|back)"),
    ("pan left", r"\bpan(?:s|ning)? (?:\w+ly )?(?:to (?:the |its )?)?left\b|\bleftward pan"),
    ("pan right", rf"\bpan(?:s|ning)? (?:\w+ly )?(?:to (?:the |its )?)?right\b|\brightward pan|{_CAMERA}pan(?:s|ning)?\b(?! (?:\w+ly )?(?:to (?:the )?)?(?:left|out|up|down))|\bslow pan\b"),
    ("tilt up", r"\b(?:tilt|pan)(?:s|ing|ning)? (?:\w+ly )?up(?:ward)?s?\b"),
    ("tilt down", r"\b(?:tilt|pan)(?:s|ing|ning)? (?:\w+ly )?down(?:ward)?s?\b"),
    ("rise", rf"{_CAMERA}(?:ris(?:es?|ing)|ascend\w*|crane(?:s)? up|lift(?:s|ing)?|soar\w*)\b|\bcrane (?:shot|up)\b"),
    ("descend", rf"{_CAMERA}(?:descend\w*|lower(?:s|ing)?|sink(?:s|ing)?)\b|\bcrane down\b"),
    ("track", rf"\btracking (?:shot|camera)\b|\btruck(?:s|ing)? (?:left|right)\b|{_CAMERA}(?:track|follow)(?:s|ing)?\b"),
    ("orbit", rf"{_CAMERA}(?:orbit|circle|revolve|rotate)(?:s|ing)?\b|\borbit(?:al|ing)? shot\b|\barc shot\b"),
    ("handheld", r"\bhand-?held\b|\bshaky cam"),
    ("static", rf"\bstatic\W+(?:[\w-]+\W+){{0,3}}?(?:shot|camera|frame|close-up|angle|view)\b|\blocked[ -](?:off|down)\b|\bfixed camera\b|\btripod\b|{_CAMERA}(?:stays|remains|holds|is) (?:perfectly |completely )?(?:still|static|fixed|steady)\b"),
)  # fmt: skip
_PATTERNS: Final = tuple((kind, re.compile(words, re.IGNORECASE)) for kind, words in _KINDS)
_SLOW: Final = re.compile(r"\b(?:slow\w*|gent\w+|gradual\w*|soft\w*|subtl\w+|creep\w*)\b", re.IGNORECASE)
_FAST: Final = re.compile(r"\b(?:fast|quick\w*|rapid\w*|whip\w*|sudden\w*|sharp\w*|crash)\b", re.IGNORECASE)
_NEXT: Final = re.compile(r"\bthen\b|\bbefore\b|\bfinally\b|\bafter\b|[.!?](?:\s|$)", re.IGNORECASE)
_NOT: Final = re.compile(r"\b(?:no|without|not|never|don't|doesn't)\W+(?:\w+\W+){0,2}$", re.IGNORECASE)
_NEAR = 36
_AFTER = 12

_SIZES: Final[tuple[tuple[Size, str], ...]] = (
    ("ECU", r"\b(?:extreme close|macro)\b"),
    ("CU", r"\bclose[ -]?ups?\b|\btight shot\b"),
    ("EWS", r"\bdrone\b|\baerial\b|\bextreme wide\b|\bbird'?s[ -]eye\b|\bestablishing shot\b"),
    ("WS", r"\bwide(?:[ -]angle)?[ -](?:shot|view|frame)\b|\bwide-angle\b|\blong shot\b|\bfull shot\b|\bpanoram\w+"),
    ("MS", r"\bmedium(?:[ -]close)?(?:[ -]up)?[ -]shot\b|\bmid[ -]?shot\b|\bwaist[ -]up\b"),
)  # fmt: skip
_SIZE_PATTERNS: Final = tuple((size, re.compile(words, re.IGNORECASE)) for size, words in _SIZES)
_ANGLE: Final = re.compile(r"\b(eye|high|low|bird'?s[ -]eye|dutch|overhead|top[ -]down)[ -]?(?:level|angle|view)?\b(?<!\blow)(?<!\bhigh)(?<!\beye)", re.IGNORECASE)  # fmt: skip


def camera_moves(scene: str) -> tuple[Move, ...]:
    """The movements that a scene's words ask for, in their order; none if they say nothing about it."""
    found = sorted(
        (match.end(), match.start(), kind)
        for kind, pattern in _PATTERNS
        for match in pattern.finditer(scene)
        if not _NOT.search(scene[max(0, match.start() - 24) : match.start()])
    )
    moves: list[Move] = []
    phase, last = 0, -1
    for end, start, kind in found:
        if any(move.kind == kind for move in moves):
            continue
        if moves and _NEXT.search(scene, last, max(start, last)):
            phase += 1
        last = end
        moves.append(Move(kind, _speed(scene, start, end), phase))
    moving = tuple(move for move in moves if move.kind != "static")
    return moving or tuple(moves)


def framing(scene: str) -> Framing:
    """The shot size that is named first, and the angle."""
    named = [(match.start(), size) for size, words in _SIZE_PATTERNS if (match := words.search(scene))]
    angle = _ANGLE.search(scene)
    return Framing(min(named)[1] if named else "", angle[0].lower().replace("-", " ") if angle else "")


def _speed(scene: str, start: int, end: int) -> Speed:
    words = re.split(r"[.;!?]", scene[max(0, start - _NEAR) : end])[-1]
    words += " " + re.split(r"[.,;!?]", scene[end : end + _AFTER])[0]
    if _FAST.search(words):
        return "fast"
    return "slow" if _SLOW.search(words) else "normal"
