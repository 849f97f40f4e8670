"""Searching the documentation: pages cut at their headlines, scored by the words of the question. Pure but for `docs`."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

import understudy

_HEADLINE = re.compile(r"^#{1,6} +(.+)$", re.MULTILINE)
_WORD = re.compile(r"[a-z0-9_]{2,}")
_FILLERS = frozenset(["a", "an", "and", "do", "for", "how", "in", "is", "of", "the", "to", "what", "with"])
_LONGEST = 1500
"""Characters of one passage."""


class Section(msgspec.Struct, frozen=True):
    """What stands below one headline of a page."""

    page: str
    headline: str
    text: str


def docs() -> dict[str, str]:
    """The pages of the documentation by name: those beside the package, or those of the checkout it is run from."""
    package = Path(understudy.__file__).parent
    for folder in (package / "docs", package.parent.parent / "docs"):
        if (folder / "api.md").is_file():
            return {
                path.relative_to(folder).as_posix(): path.read_text("utf-8")
                for path in sorted(folder.rglob("*.md"))
            }
    return {}


def sections(pages: Mapping[str, str]) -> list[Section]:
    """The pages, cut at their headlines; what stands before the first one goes by the page's name."""
    found = []
    for page, text in pages.items():
        marks = list(_HEADLINE.finditer(text))
        starts = [(page, 0, 0), *((mark[1].strip(), mark.start(), mark.end()) for mark in marks)]
        ends = [start for _, start, _ in starts[1:]] + [len(text)]
        for (headline, _, begin), end in zip(starts, ends, strict=True):
            if body := text[begin:end].strip():
                found.append(Section(page, headline, body))
    return found


def search(wanted: str, among: Iterable[Section], limit: int) -> list[Section]:
    """Those that have most of the words, in the headline above all; ones that have none are left out."""
    words = set(_WORD.findall(wanted.lower())) - _FILLERS
    scored = [(score, each) for each in among if (score := _score(words, each))]
    scored.sort(key=lambda each: -each[0])
    return [each for _, each in scored[:limit]]


def excerpt(wanted: str, text: str) -> str:
    """The text, or so much of it around the first word of the question as is worth reading."""
    if len(text) <= _LONGEST:
        return text
    lower = text.lower()
    places = [at for word in _WORD.findall(wanted.lower()) if (at := lower.find(word)) >= 0]
    start = max(0, min(places, default=0) - _LONGEST // 3)
    cut = text[start : start + _LONGEST]
    return ("… " if start else "") + cut + (" …" if start + _LONGEST < len(text) else "")


def _score(words: set[str], section: Section) -> float:
    body, headline = section.text.lower(), section.headline.lower()
    found = [word for word in words if word in body or word in headline]
    titled = sum(word in headline for word in words)
    # Each further word counts more than the same one again; a short passage beats a long one that says as much.
    often = sum(min(body.count(word), 3) for word in found)
    return 0.0 if not found else 10.0 * len(found) + 6.0 * titled + often - len(body) / 10_000
