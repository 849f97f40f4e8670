"""How Google words it that its rules, not the form of a request, stand against what was asked for."""

import re
from typing import Final

# There is no code of its own for it: it comes as INVALID_ARGUMENT, or as the text of a failure.
_CONTENT: Final = re.compile(
    r"responsible ai|usage guidelines|sensitive words|safety|support codes?|prohibited"
    r"|violat\w* .{0,40}(?:polic|guideline)|content polic|blocked",
    re.IGNORECASE,
)


def is_about_content(words: str) -> bool:
    """Whether these words of the partner's speak of its rules for content."""
    return _CONTENT.search(words) is not None
