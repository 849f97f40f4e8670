"""A partner's own words, made fit to be shown: in answers, in logs, on terminals."""

from collections.abc import Iterable
from typing import Final

LONGEST: Final = 300
"""Characters."""


def one_line(words: str, *, hidden: Iterable[str] = ()) -> str:
    """The words on one line, printable, not endless, and without what is to stay `hidden`: some services repeat a key."""
    for secret in hidden:
        if secret:
            words = words.replace(secret, "***")
    line = " ".join("".join(each if each.isprintable() else " " for each in words).split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
