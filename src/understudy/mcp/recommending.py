"""Which model suits a sentence, by the words of the catalogue alone. Pure.

Nobody has watched these models' clips here: what counts is what their pages say, and which of the wishes in the
sentence (length, orientation, resolution, a picture to begin with) their inputs can express.
"""

import re
from collections.abc import Sequence

import msgspec

from understudy.client import Input, Model

_WORD = re.compile(r"[a-z0-9]{3,}")
_FILLERS = frozenset(
    _WORD.findall(
        "the and for with that this from into can you make want need some have should would like clip video videos"
    )
)
_LENGTH = re.compile(r"(\d+)\s*-?\s*(?:s|sec|secs|second|seconds)\b")
_LENGTHS = frozenset({"seconds", "durationSeconds", "duration"})
_RATIOS = frozenset({"ratio", "aspectRatio", "aspect_ratio"})
_PORTRAIT = re.compile(r"\b(?:portrait|vertical|9:16|upright|phone|reel|story|tiktok|shorts)\b")
_LANDSCAPE = re.compile(r"\b(?:landscape|horizontal|16:9|widescreen|wide)\b")
_RESOLUTION = re.compile(r"\b(480p|720p|1080p|4k)\b")
_PICTURE = re.compile(r"\b(?:image|photo|photograph|picture|still|animate)\b")
_SILENT = re.compile(r"\b(?:silent|mute|without (?:sound|audio))\b")
_SOUNDS = frozenset({"generateAudio"})


class Fit(msgspec.Struct, frozen=True, kw_only=True):
    """How a model suits."""

    model: Model
    score: float
    inputs: dict[str, str]
    files: list[str]
    reasons: list[str]
    losses: list[str]


def recommend(sentence: str, models: Sequence[Model], limit: int) -> list[Fit]:
    """The models that suit best, the best first; the catalogue's order decides between equals."""
    fits = sorted((fit(sentence, each) for each in models), key=lambda each: -each.score)
    return fits[:limit]


def fit(sentence: str, model: Model) -> Fit:
    """How one model suits: words found in its texts, 3 points for each wish that it can fulfil, 3 less for one it cannot."""
    text = sentence.lower()
    score, words = _words(text, model)
    reasons = [f"its page speaks of {', '.join(words)}"] if words else []
    chosen: dict[str, str] = {}
    losses: list[str] = []
    for wish, ids, wanted in _wishes(text):
        taking = next((each for each in model.inputs if each.id in ids), None)
        value = _choice(taking, wanted) if taking else None
        if taking is None or value is None:
            losses.append(f"it has no choice of {wish}")
            score -= 3
            continue
        chosen[taking.id] = value
        if value == wanted:
            reasons.append(f"{taking.id} can be {value}")
            score += 3
        else:
            losses.append(f"{wish}: {wanted} is not offered, {value} is nearest")
    files: list[str] = []
    if _PICTURE.search(text):
        files = [each.id for each in model.inputs if each.is_file][:1]
        score += 3 if files else -3
        (reasons if files else losses).append(
            f"{files[0]} takes a picture" if files else "it takes no picture"
        )
    return Fit(model=model, score=score, inputs=chosen, files=files, reasons=reasons, losses=losses)


def _words(text: str, model: Model) -> tuple[float, list[str]]:
    asked = dict.fromkeys(word for word in _WORD.findall(text) if word not in _FILLERS)
    places = (
        (8, f"{model.address} {model.title}"),
        (4, " ".join((*model.categories, *model.tags))),
        (2, model.description),
        (1, " ".join([str(model.raw.get("readme", "")), *(f"{i.label} {i.help}" for i in model.inputs)])),
    )
    folded = [(weight, frozenset(_WORD.findall(place.lower()))) for weight, place in places]
    scored = {word: max((weight for weight, place in folded if word in place), default=0) for word in asked}
    return float(sum(scored.values())), [word for word, weight in scored.items() if weight]


def _wishes(text: str) -> list[tuple[str, frozenset[str], str]]:
    """What the sentence asks of the format: in words, the inputs that express it, the value."""
    wishes = []
    if length := _LENGTH.search(text):
        wishes.append(("length", _LENGTHS, length[1]))
    if _PORTRAIT.search(text):
        wishes.append(("orientation", _RATIOS, "9:16"))
    elif _LANDSCAPE.search(text):
        wishes.append(("orientation", _RATIOS, "16:9"))
    if resolution := _RESOLUTION.search(text):
        wishes.append(("resolution", frozenset({"resolution"}), resolution[1]))
    if _SILENT.search(text):
        wishes.append(("silence", _SOUNDS, "false"))
    return wishes


def _choice(taking: Input, wanted: str) -> str | None:
    """The value itself, or among numbers the nearest; None if it cannot be expressed."""
    if not taking.choices:
        return wanted
    values = [each.value for each in taking.choices]
    if wanted in values:
        return wanted
    numbers = [each for each in values if each.isdecimal()]
    if wanted.isdecimal() and numbers:
        return min(numbers, key=lambda each: abs(int(each) - int(wanted)))
    return None
