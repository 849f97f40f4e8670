"""The sounds that a prompt asks for."""

import re
from typing import Final, Literal

import msgspec

Kind = Literal[
    "rain", "thunder", "wind", "leaves", "sea", "fire",
    "birds", "eagle", "crickets", "dog",
    "traffic", "engine", "tires", "siren", "crowd",
    "footsteps", "clock", "music",
]  # fmt: skip
Style = Literal["", "piano", "orchestral", "lo-fi"]


class Cue(msgspec.Struct, frozen=True, kw_only=True):
    """One sound."""

    kind: Kind
    distant: bool = False
    """Said to be far, faint or low."""
    fades: bool = False
    """Said to fade away."""
    style: Style = ""
    """Of music."""


_WORDS: Final[dict[Kind, str]] = {
    "rain": r"\brain(?:s|y|ing|fall|drops?|storm)?\b|\brain-|\bdrizzl\w*|\bdownpour|\bpatter(?:s|ing)?\b",
    "thunder": r"\bthunder\w*",
    "wind": r"\bwinds?\b|\bwindy\b|\bbreez\w+|\bgust(?:s|y|ing)?\b|\bhowling\b|\bdesert sounds?\b",
    "leaves": r"\brustl\w+",
    "sea": r"\b(?:ocean|sea|seaside|surf|beach|shore|shoreline|seagulls?)\b|\bwaves (?:crash|lap|break|roll)\w*",
    "fire": r"\bcampfire|\bbonfire|\bfireplace|\bcrackl\w+|\bfire (?:burn|crackl)\w*",
    "birds": r"\bbirds?\b|\bbirdsong|\bchirp\w*|\bsongbirds?|\bsparrows?|\bseagulls?|\btweet(?:s|ing)\b",
    "eagle": r"\beagles?\b|\bhawks?\b|\bfalcons?\b",
    "crickets": r"\bcrickets?\b|\bcicadas?\b|\bnight insects?\b",
    "dog": r"\bdogs? (?:\w+ ){0,2}?(?:bark|whimper|whine|yap)\w*|\bbark(?:s|ing|ed)\b|\bwhimper\w*",
    "traffic": r"\btraffic\b|\bcar horns?|\bhonk\w*|\bcity (?:noise|sounds?|hum|ambien\w+)|\bpassing cars",
    "engine": r"\bengines?\b|\bmotors?\b|\bmotorcycle|\b(?:moving|speeding|racing) car\b|\bcar (?:speeds|drives|races)\b|\brevv?(?:s|ing)\b",
    "tires": r"\bt[iy]res? on\b|\bwheels? on\b|\bsound of (?:the )?(?:t[iy]res?|wheels?)",
    "siren": r"\bsirens?\b",
    "crowd": r"\bcrowds?\b|\bchatter\w*|\baudience\b|\bapplause\b|\bcheering\b|\bmurmur of (?:people|voices)|\bbustling\b",
    "footsteps": r"\bfoot ?steps?\b|\bfootfalls?\b|\bwalking on\b|\bsteps echo\w*",
    "clock": r"\bclocks?\b|\btick(?:s|ing|-tock)\b",
    "music": r"\bmusic\w*|\bpiano|\bjazz\b|\borchestr\w+|\b(?:film |epic )?score (?:swell|play|build)\w*|\bsoundtrack|\blo-?fi\b|\bhip[ -]hop|\bmelod\w+|\bsongs?\b|\bguitars?\b|\bviolins?\b|\bstrings? section|\bsynth\w*",
}
_PATTERNS: Final = {kind: re.compile(words, re.IGNORECASE) for kind, words in _WORDS.items()}
_NOT: Final = re.compile(r"\b(?:no|without|not|never|any|free of)\W+(?:\w+\W+){0,2}$", re.IGNORECASE)
_DENIED: Final = re.compile(r"\b(?:no|without|never|free of)\b", re.IGNORECASE)
_FAR: Final = re.compile(
    r"\b(?:distan\w+|far(?:away|-off)?|faint\w*|barely|low(?!,? gravelly)|low-volume|soft\w*|subtle|quiet\w*|gentle|"
    r"background|muffled)\b",
    re.IGNORECASE,
)
_FADES: Final = re.compile(r"\bfad(?:es?|ing)\b|\bdies? away\b|\binto the distance\b", re.IGNORECASE)
_OUTDOOR: Final = re.compile(
    r"\b(?:outdoor|nature|natural|forest) (?:outdoor )?(?:ambien\w+|sounds?\b)", re.IGNORECASE
)
_PIANO: Final = re.compile(r"\bpiano|\bjazz\b", re.IGNORECASE)
_ORCHESTRAL: Final = re.compile(
    r"\borchestr\w+|\bepic\b|\bstrings\b|\bviolins?\b|\bsymphon\w+", re.IGNORECASE
)
_LO_FI: Final = re.compile(r"\blo-?fi\b|\bhip[ -]hop", re.IGNORECASE)
_BEFORE, _AFTER = 50, 42


def sound_cues(scene: str, sound: str = "") -> tuple[Cue, ...]:
    """The sounds that a scene's words, without its spoken lines, ask for, each kind once, in the order of mention.

    What `sound`, the words about sound alone, asks for comes first. "No music" asks for none.
    """
    text = f"{sound} . {scene}" if sound else scene
    first: dict[Kind, int] = {}
    cues: dict[Kind, Cue] = {}
    for kind, pattern in _PATTERNS.items():
        for match in pattern.finditer(text):
            before = _clause_before(text, match.start())
            if _NOT.search(before) and _DENIED.search(before):
                continue
            first[kind] = match.start()
            after = _clause_after(text, match.end())
            cues[kind] = Cue(
                kind=kind,
                distant=bool(_FAR.search(before[-_BEFORE:])),
                fades=bool(_FADES.search(after)),
                style=_style(text) if kind == "music" else "",
            )
            break
    if _OUTDOOR.search(text) and not cues.keys() & {"wind", "birds", "leaves", "sea"}:
        for kind in ("wind", "birds"):
            first[kind] = len(text)
            cues[kind] = Cue(kind=kind, distant=True)
    return tuple(cues[kind] for kind in sorted(first, key=first.__getitem__))


def _clause_before(text: str, at: int) -> str:
    return re.split(r"[.;!?]", text[max(0, at - 60) : at])[-1]


def _clause_after(text: str, at: int) -> str:
    return re.split(r"[.;!?,]", text[at : at + _AFTER])[0]


def _style(text: str) -> Style:
    if _LO_FI.search(text):
        return "lo-fi"
    if _ORCHESTRAL.search(text):
        return "orchestral"
    return "piano" if _PIANO.search(text) else ""
