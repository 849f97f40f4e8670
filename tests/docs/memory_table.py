"""The table of memory in docs/engines/ovi.md, computed as the engine does: `python -m tests.docs.memory_table`."""

import re

from tests.docs.pages import ROOT
from understudy.engines.ovi.config import REAL
from understudy.engines.ovi.memory.choice import RESERVE, largest_size
from understudy.engines.ovi.memory.estimate import Peak, peak_bytes
from understudy.engines.ovi.memory.profiles import PROFILES, Profile, forms

PAGE = ROOT / "docs" / "engines" / "ovi.md"
_PLACE = re.compile(r"(?<=<!-- memory -->\n).*(?=<!-- end of memory -->)", re.DOTALL)


def table() -> str:
    """A row for each profile: what a card needs free for the largest frames of each variant, and the host's part."""
    headlines = ("profile", *(f"`{name}`" for name in REAL.variants), "of the machine's memory")
    rows = [headlines, ("---",) * len(headlines), *map(_row, PROFILES)]
    return "\n" + "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n\n"


def _row(profile: Profile) -> tuple[str, ...]:
    host = _peak(profile, next(iter(REAL.variants))).host
    return f"`{profile.name}`", *(_needed(profile, name) for name in REAL.variants), f"{host / 1e9:.1f} GB"


def _needed(profile: Profile, variant: str) -> str:
    """With as little at the same time as is possible, and the profile as it is, if that differs."""
    each = [f"{(_peak(form, variant).card + RESERVE) / 1e9:.1f}" for form in forms(profile)]
    return f"{each[-1]} GB" if each[-1] == each[0] else f"{each[-1]} to {each[0]} GB"


def _peak(profile: Profile, variant: str) -> Peak:
    known = REAL.variants[variant]
    return peak_bytes(profile, REAL, known, largest_size(known.area), REAL.fusion.video.text_len)


def current() -> str:
    """What the page has now."""
    found = _PLACE.search(PAGE.read_text())
    assert found, "docs/engines/ovi.md has lost the place of its table"
    return found[0]


if __name__ == "__main__":
    PAGE.write_text(_PLACE.sub(lambda _: table(), PAGE.read_text()))
