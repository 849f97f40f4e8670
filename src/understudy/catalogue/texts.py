"""Texts from outside. Pure.

Control characters are refused, not taken out: what a model gets is exactly what was sent, and a file name, a log line
or a database cannot be confused by it. Tabs and line ends are text.
"""

import re

from understudy.errors import InvalidInput

LONGEST = 32_000
"""Characters in one text: what OpenAI's video API took for a prompt."""

# C0 without tab, line feed and carriage return; DEL; C1; and surrogates, which no encoding of text can write.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_LONGEST_INT = 2**256


def as_text(id: str, given: object) -> str:
    """The text that `given` means for the input `id`: a string, or a number or truth value as JSON writes it.

    Raises `InvalidInput`.
    """
    if isinstance(given, bool):
        given = "true" if given else "false"
    elif isinstance(given, float) or (isinstance(given, int) and abs(given) < _LONGEST_INT):
        given = repr(given)
    if isinstance(given, list):
        raise _refusal(id, "takes one text; it was given as a list or more than once.")
    if not isinstance(given, str):
        raise _refusal(id, "must be a text.")
    if len(given) > LONGEST:
        raise _refusal(id, f"takes at most {LONGEST} characters; it has {len(given)}.")
    if _CONTROL.search(given):
        raise _refusal(id, "has control characters in it; take them out.")
    return given


def _refusal(id: str, reason: str) -> InvalidInput:
    return InvalidInput("Request parameters are invalid.", f"[{id}] {reason}")
