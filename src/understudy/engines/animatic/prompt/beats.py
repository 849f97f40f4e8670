"""A prompt cut into shots, and a shot's words into beats: what one caption tells."""

import re
from typing import Final

from understudy.engines.animatic.prompt.text import SENTENCE_END

_CUT: Final = re.compile(
    r"(?:[,;]?\s*\b(?:then |and )?(?:we |the camera )?(?:hard |smash |jump )?cuts? to:?\s+)"
    r"|(?:(?:^|(?<=\s))(?:shot|scene)\s+\d{1,2}\s*[:.\-–]\s*)"
    r"|(?:(?:^|(?<=\s))\[\s*\d{1,2}(?::\d\d)?\s*s?\s*[-–]\s*\d{1,2}(?::\d\d)?\s*s?\s*\]\s*:?\s*)",
    re.IGNORECASE,
)
_CLAUSE_END: Final = re.compile(r";\s+|\s[–—]\s")
_QUOTES: Final = re.compile(r"“[^“”]*”|\"[^\"]*\"")
_SHORTEST = 12


def cut_points(text: str) -> tuple[tuple[int, int], ...]:
    """Where the shots of `text` lie, as (start, end) in characters: cut at "cut to", "Shot 2:" and "[0-4s]"."""
    quoted = [match.span() for match in _QUOTES.finditer(text)]
    cuts = [cut for cut in _CUT.finditer(text) if not any(a < cut.start() < b for a, b in quoted)]
    starts = [0, *(cut.end() for cut in cuts)]
    ends = [*(cut.start() for cut in cuts), len(text)]
    spans = [(start, end) for start, end in zip(starts, ends, strict=True) if text[start:end].strip(" .,;")]
    return tuple(spans) or ((0, len(text)),)


def sentences(text: str) -> tuple[str, ...]:
    """The sentences of `text`; those put together by semicolons or dashes are taken apart, quotes never are."""
    quoted = [match.span() for match in _QUOTES.finditer(text)]
    ends = sorted(
        match.end()
        for pattern in (SENTENCE_END, _CLAUSE_END)
        for match in pattern.finditer(text)
        if not any(start < match.start() and match.end() < end for start, end in quoted)
    )
    parts: list[str] = []
    last = 0
    for end in [*ends, len(text)]:
        part = text[last:end].strip()
        if len(part) >= _SHORTEST or (part and not parts):
            parts.append(part)
        elif part:
            parts[-1] = f"{parts[-1]} {part}"
        last = max(last, end)
    return tuple(parts)


def beats(text: str, most: int) -> tuple[str, ...]:
    """`text` in at most `most` captions of about the same length, cut between sentences."""
    parts = sentences(text)
    count = max(1, min(most, len(parts)))
    whole = sum(map(len, parts))
    groups: list[list[str]] = [[] for _ in range(count)]
    told = 0
    for part in parts:
        middle = told + len(part) / 2
        groups[min(count - 1, int(middle * count / max(1, whole)))].append(part)
        told += len(part)
    captions = (" ".join(group).strip(" ;,–—") for group in groups if group)
    return tuple(_capital(caption) for caption in captions)


def _capital(caption: str) -> str:
    return caption[:1].upper() + caption[1:]
