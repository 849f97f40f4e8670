"""The spoken lines of a prompt: what is said, by what kind of voice, and where in the text."""

import re
from collections.abc import Collection
from typing import Final, Literal

import msgspec

from understudy.engines.animatic.prompt.text import SENTENCE_END

Voice = Literal["female", "male", "unknown"]


class Line(msgspec.Struct, frozen=True):
    """One spoken line."""

    text: str
    start: int
    end: int
    """Both in characters of the plain text, quotes included."""
    voice: Voice = "unknown"


_VERBS: Final = (
    r"(?:say|said|state|ask|whisper|shout|repl(?:y|ie)|exclaim|yell|murmur|announce|mutter|muse|scream|cr(?:y|ie)|"
    r"call|add|answer|declare|narrate|remark|sigh|sing|sang|speak|spoke|told|tell|explain|chuckle|laugh|growl|"
    r"mumble|respond|warn|beg|joke|quip|continue|greet)(?:s|d|es|ed|ing)?(?:\s+out)?"
)
_SPEECH: Final = re.compile(
    rf"\b(?:{_VERBS}|voice(?:-?over)?|narrat(?:or|ion)|dialogue|line|words)\b", re.IGNORECASE
)
_WRITTEN_BEFORE: Final = re.compile(
    r"\b(?:reads|reading|label(?:l?ed)?|titled?|called|named|lettering|written|word|sign|logo|text|caption|known as|"
    r"so-called|painted|printed)\b[^.!?]{0,12}$",
    re.IGNORECASE,
)
_WRITTEN_AFTER: Final = re.compile(
    r"^\W{0,2}(?:lettering|sign|logo|text|written|label|printed|is written|on (?:the|a|its|his|her) "
    r"(?:sign|shirt|wall|front|screen|label|cover))",
    re.IGNORECASE,
)
_DOUBLE: Final = re.compile(r"“([^“”]{1,1200})”|„([^„“”]{1,1200})[“”]|\"([^\"]{1,1200})\"|«([^«»]{1,1200})»")
# A closing single quote is one that no letter follows; the others are apostrophes.
_SINGLE: Final = re.compile(r"(?<![\w’'])[‘']((?:[^‘’']|[’'](?=\w)){1,400})[’'](?!\w)")
_SAYS: Final = re.compile(
    r"\b(?:says?|said|asks?|whispers?|shouts?|replie[sd]|states?|exclaims?|yells?|murmurs?|announces?|mutters?|muses?|"
    r"saying|narrates?|answers?|declares?|screams?|voice-?over|narrator|dialogue)\b[^.,:;!?\"“‘]{0,60}?([,:])\s*"
    r"(?=[^\s\"“”‘'«„])",
    re.IGNORECASE,
)
_FEMALE: Final = re.compile(
    r"\b(?:female|wom[ae]n|girls?|she|her|lady|mother|queen|grandmother|actress)\b", re.I
)
_MALE: Final = re.compile(
    r"\b(?:male|m[ae]n|boys?|he|his|him|guy|father|king|detective|grandfather|actor)\b", re.I
)
_NEAR = 60
_VOICE_REACH = 160


def spoken_lines(text: str, marked: Collection[str] = ()) -> tuple[Line, ...]:
    """The lines that are spoken in `text` (see `text.parse`), in their order.

    Quoted words count if they are among the `marked`, if a word of speaking stands near, or if they are a sentence by
    their punctuation; words that are written on something do not. Without quotes, `says: ...` and `says, ...` reach to
    the end of the sentence.
    """
    found: list[tuple[int, int, str]] = []
    taken = bytearray(len(text))

    def take(start: int, end: int, words: str) -> None:
        found.append((start, end, words))
        taken[start:end] = b"\1" * (end - start)

    for match in _DOUBLE.finditer(text):
        words = next(group for group in match.groups() if group is not None)
        sentence = words.strip()[-1:] in (*".!?…,",)
        if words in marked or _is_spoken(text, match.start(), match.end(), words, certain=sentence):
            take(match.start(), match.end(), words)
    for match in _SINGLE.finditer(text):
        if not taken[match.start()] and _is_spoken(text, *match.span(), match[1], certain=False):
            take(match.start(), match.end(), match[1])
    for match in _SAYS.finditer(text):
        end = SENTENCE_END.search(text, match.end())
        stop = end.end() if end else len(text)
        words = text[match.end() : stop]
        # After a comma a spoken line starts like a sentence; "says, smiling" goes on telling.
        if not any(taken[match.end() : stop]) and (match[1] == ":" or words[:1].isupper()):
            take(match.end(), stop, words)
    found.sort()
    lines = (Line(_spoken(words), start, end, _voice(text, start, end)) for start, end, words in found)
    return tuple(line for line in lines if any(char.isalnum() for char in line.text))


def without(text: str, lines: tuple[Line, ...]) -> str:
    """`text` with the spoken lines blanked out, so that their words are not taken for what is seen and heard."""
    for line in lines:
        text = text[: line.start] + " " * (line.end - line.start) + text[line.end :]
    return text


def _is_spoken(text: str, start: int, end: int, words: str, *, certain: bool) -> bool:
    before, after = text[max(0, start - _NEAR) : start], text[end : end + _NEAR]
    if _WRITTEN_BEFORE.search(before) or _WRITTEN_AFTER.search(after):
        return False
    same_sentence = SENTENCE_END.split(before)[-1]
    introduced = before.rstrip()[-1:] in (*":,",) and " " in words.strip()
    return certain or introduced or bool(_SPEECH.search(same_sentence)) or bool(_SPEECH.match(after.lstrip()))


def _spoken(words: str) -> str:
    return re.sub(r"([!?])\.+$", r"\1", words.strip().rstrip(",").strip())


def _voice(text: str, start: int, end: int) -> Voice:
    """The nearest word before the line that tells; then the first one after it."""
    before = text[max(0, start - _VOICE_REACH) : start]
    female = max((match.start() for match in _FEMALE.finditer(before)), default=-1)
    male = max((match.start() for match in _MALE.finditer(before)), default=-1)
    if female == male:
        after = text[end : end + _VOICE_REACH]
        first_female, first_male = _FEMALE.search(after), _MALE.search(after)
        female = -first_female.start() if first_female else -_VOICE_REACH
        male = -first_male.start() if first_male else -_VOICE_REACH
    if female == male:
        return "unknown"
    return "female" if female > male else "male"
