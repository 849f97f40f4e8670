"""The lines that a prompt speaks without saying so in tags: quoted, or behind `says,`. Pure functions on text."""

import re
from typing import Final

import msgspec


class Line(msgspec.Struct, frozen=True):
    """One spoken line, with its place in the text."""

    words: str
    start: int
    end: int
    """Both in characters, quotation marks included."""


# A mark behind a digit may stand for inches: it closes nothing if the text goes on, up to a mark that does close.
_INCHES: Final = r"(?<=\d)\"(?=\s+[a-z][^\"]{0,400}[^\s\"]\"(?!\w))"
_DOUBLE: Final = re.compile(
    r"“([^“”]{1,1200})”|„([^„“”]{1,1200})[“”]|«([^«»]{1,1200})»|「([^「」]{1,1200})」"
    rf"|(?<![\w\"])\"(?=[^\s\"])((?:[^\"]|{_INCHES}){{1,1200}}?)(?<!\s)(?!{_INCHES})\"(?!\w)"
)
# Single marks are apostrophes more often than not: inside words, before what is left out ('80s, 'em), and after the s
# of a plural's possessive, where only punctuation behind it tells a closing mark.
_POSSESSIVE: Final = r"(?<=s)[’'](?=\s+\w)"
_SINGLE: Final = re.compile(
    r"(?<![\w’'])[‘'](?!\d|(?:tis|twas|twill|n|em|cause|cuz|bout|til|till|round|ere)\b)(?=[^\s’'])"
    rf"((?:[^‘’'“”\"\n]|(?<=\w)[’'](?=\w)|{_POSSESSIVE}){{1,400}}?)(?<!\s)(?!{_POSSESSIVE})[’'](?!\w)",
    re.IGNORECASE,
)

# Verbs that speech alone goes with, and words that other things go with too.
_SAYING: Final = (
    r"(?:says?|said|saying|asks?|asked|asking|whisper(?:s|ed|ing)?|shout(?:s|ed|ing)?|yell(?:s|ed|ing)?"
    r"|repl(?:y|ies|ied|ying)|exclaim(?:s|ed|ing)?|murmur(?:s|ed|ing)?|mutter(?:s|ed|ing)?|mumbl(?:es?|ed|ing)"
    r"|announc(?:es?|ed|ing)|scream(?:s|ed|ing)?|answer(?:s|ed|ing)?|respond(?:s|ed|ing)?|(?:calls?|cries) out"
    r"|reads? (?:aloud|out)|tells? (?:him|her|them|us|me))"
)
_VOICED: Final = (
    r"(?:stat(?:es?|ed|ing)|declar(?:es?|ed|ing)|mus(?:es?|ed|ing)|sings?|sang|singing|chant(?:s|ed|ing)?|speaks?|spoke"
    r"|speaking|adds?|added|continu(?:es?|ed|ing)|cr(?:ies|ied|ying)|growl(?:s|ed|ing)?|chuckl(?:es?|ed|ing)"
    r"|laugh(?:s|ed|ing)?|sigh(?:s|ed|ing)?|gasp(?:s|ed|ing)?|begs?|warn(?:s|ed|ing)?|jok(?:es?|ed|ing)"
    r"|greet(?:s|ed|ing)?|explain(?:s|ed|ing)?|tells?|told|narrat(?:es?|ed|ing|or|ion)|voice(?:-?over)?|dialogue)"
)
_SPEECH: Final = re.compile(rf"\b(?:({_SAYING})|{_VOICED})\b", re.IGNORECASE)
_DIRECTLY: Final = re.compile(
    r"(?:\s+(?:\w+ly|aloud|out|again|back))*(?:\s+(?:to|at)\s+(?:him|her|them|us|me|himself|herself|themselves))?"
    r"\s*[,:—–-]?\s*",
    re.IGNORECASE,
)
_ATTRIBUTED: Final = re.compile(
    rf",?\s*(?:(?!(?:and|but|while|as|who|which|that|then|when)\b)[\w’'-]+\s+){{0,3}}?{_SAYING}\b",
    re.IGNORECASE,
)

_WRITING: Final = (
    r"(?:signs?|signage|posters?|banners?|billboards?|placards?|labels?|captions?|subtitles?|titles?|headlines?"
    r"|lettering|letters?|logo|texts?|slogan|plaque|inscription|graffiti|notes?|messages?|cards?|stickers?|tattoos?)"
)
_SURFACE: Final = (
    rf"(?:{_WRITING}|(?:t-)?shirts?|tee|hoodie|jersey|caps?|hats?|mugs?|screens?|displays?|monitors?|board|\w+board"
    r"|papers?|pages?|books?|covers?|newspapers?|walls?|doors?|windows?|plates?|badges?|tags?|menus?|flags?|neon)"
)
_WRITTEN_BEFORE: Final = re.compile(
    rf"\b(?:{_SURFACE}|reads?|reading|label(?:l?ed)|titled|entitled|called|named|nicknamed|dubbed|known as|so-called"
    r"|written|painted|printed|engraved|inscribed|spell(?:s|ing)|marked|words?|phrases?|songs?|films?|movies?|bands?"
    r"|novels?|albums?|poems?|games?|shows?)\b[^.!?,]{0,16}$",
    re.IGNORECASE,
)
_WRITTEN_AFTER: Final = re.compile(
    rf"\W{{0,2}}(?:{_SURFACE}|(?:is |was )?(?:written|painted|printed|engraved)|in [\w-]+ letters"
    rf"|on (?:the|a|an|its|his|her|their) (?:\w+ )?{_SURFACE})\b",
    re.IGNORECASE,
)
# What stands before a verb of saying that tells of writing. A shirt says something only if it is the subject: "a man in
# a red shirt says" is speech.
_WRITTEN_SPEAKER: Final = re.compile(
    rf"\b{_WRITING}\b(?:(?!\b(?:and|then|while|as|who)\b)[^.,;:!?])*$"
    rf"|\b{_SURFACE}\s+(?:that|which)\s*$"
    r"|(?:^|[,:])\W*(?:an?|the|his|her|their|its|my)\s+(?:(?!(?:in|at|by|on|with|near|behind|wearing|holding|from)\b)"
    rf"[\w’'-]+\s+){{0,2}}{_SURFACE}\s*$",
    re.IGNORECASE,
)
_NEARBY_WRITING: Final = re.compile(rf"\b{_WRITING}\b", re.IGNORECASE)

_SENTENCE: Final = re.compile(r"[.!?…][\"'”’)\]]*\s|\n|;")
_TURN: Final = re.compile(
    r"(?:^|[.!?…。！？\n][\"'”’»)\]]*|(?:^|[.!?…\n])\s*[^\W\d_][\w’'-]*(?:\s+[\w’'-]+)?\s*(?:\([^()]*\)\s*)?[:：])\s*$"
)
_JOINED: Final = re.compile(r"[\s,.;—–-]*(?:(?:and|or|then)\b[\s,]*)?", re.IGNORECASE)
_ENDED: Final = (*".!?…。！？,",)
_REACH: Final = 100

_UNQUOTED: Final = re.compile(
    rf"\b{_SAYING}\s*[,:]\s+([A-Z](?:[^.!?…\n\"“”«»]|\.(?=\d)){{2,300}}(?:[!?]+|\.\.\.|[.…]))", re.IGNORECASE
)


def spoken_lines(text: str) -> tuple[Line, ...]:
    """The lines that are surely spoken in `text`, in their order; what is doubtful is left out.

    Words in double quotation marks ("…", “…”, „…“, «…», 「…」) or single ones ('…', ‘…’) are spoken if

    * a verb of saying stands directly before them (`whispers softly to her, "…"`), or earlier in the sentence with a
      comma, a colon or a dash before the quote, when the quote is sentence-like: it ends in punctuation or has three
      words. Verbs and nouns that go with more than speech (`states`, `sings`, `voice`) always need both; or
    * the quote ends in punctuation and `she says`, `says the man` follow; or
    * in double marks, the quote ends in . ! ? … and stands as a sentence of its own, or behind a speaker's name and a
      colon (`Anna: "…"`); or
    * they are joined to a spoken quote by nothing but a comma, `and`, `or`, `then`.

    They are not if they are written somewhere or are a name: `a sign that says "…"`, `titled "…"`, `"…" lettering`.
    Apostrophes, inches and left-out letters ('80s) are no quotation marks. If nothing is quoted at all, a sentence
    directly behind `says,` or `says:` is spoken, if it has a capital, two words and an end.
    """
    quoted = _quoted(text)
    return _spoken(text, quoted) if quoted else _unquoted(text)


def _quoted(text: str) -> list[Line]:
    """Everything in quotation marks, spoken or not."""
    found = [_line(match) for match in _DOUBLE.finditer(text)]
    taken = bytearray(len(text))
    for line in found:
        taken[line.start : line.end] = b"\1" * (line.end - line.start)
    found += [_line(match) for match in _SINGLE.finditer(text) if not any(taken[slice(*match.span())])]
    return sorted((line for line in found if any(map(str.isalnum, line.words))), key=lambda line: line.start)


def _line(match: re.Match[str]) -> Line:
    return Line(next(group for group in match.groups() if group is not None), *match.span())


def _spoken(text: str, quoted: list[Line]) -> tuple[Line, ...]:
    lines: list[Line] = []
    last: Line | None = None
    for line in quoted:
        between = text[last.end : line.start] if last else None
        if between is not None and _JOINED.fullmatch(between):
            spoken = bool(lines) and lines[-1] is last
        else:
            before = text[max(last.end if last else 0, line.start - _REACH) : line.start]
            spoken = _is_spoken(text, line, before)
        if spoken:
            lines.append(line)
        last = line
    return tuple(lines)


def _is_spoken(text: str, line: Line, before: str) -> bool:
    """`before` reaches back to the quote before this one, or a sentence's length."""
    after = text[line.end : line.end + _REACH]
    clause = _SENTENCE.split(before)[-1]
    verb = None
    for match in _SPEECH.finditer(clause):
        verb = match
    gap = clause[verb.end() :] if verb else clause
    if _WRITTEN_BEFORE.search(gap) or _WRITTEN_AFTER.match(after):
        return False
    words = line.words.strip()
    ended = words[-1:] in _ENDED
    sentence = ended or len(words.split()) > 2
    if verb and not _WRITTEN_SPEAKER.search(clause[: verb.start()]):
        introduced = gap.rstrip()[-1:] in (*",:—–-",)
        if (verb[1] and _DIRECTLY.fullmatch(gap)) or (introduced and sentence):
            return True
    if (ended or (sentence and after[:1] == ",")) and _ATTRIBUTED.match(after):
        return True
    return _is_turn(text, line, before)


def _is_turn(text: str, line: Line, before: str) -> bool:
    """Whether the quote is a sentence of its own, or what stands behind a speaker's name."""
    words = line.words.strip()
    if text[line.start] in "'‘" or words[-1] not in "!?….。！？" or words[0].islower():
        return False
    if words[-1] == "." and " " not in words:
        return False
    return bool(_TURN.search(before)) and not _NEARBY_WRITING.search(before)


def _unquoted(text: str) -> tuple[Line, ...]:
    return tuple(
        Line(match[1], *match.span(1))
        for match in _UNQUOTED.finditer(text)
        if match[1][0].isupper()
        and " " in match[1]
        and not _WRITTEN_SPEAKER.search(text[max(0, match.start() - _REACH) : match.start()])
    )
