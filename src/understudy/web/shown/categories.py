"""Categories of models as people read them. Pure."""

from collections.abc import Iterable

_MARKS = frozenset(
    {
        *("tool", "model", "partner", "persistent", "use-agent"),
        *("price-list", "quick-showcase", "hero-showcase"),
        *("bf16", "fp8", "h100"),
    }
)
"""What the hosted catalogue marks its models with, among their categories: contracts keep them, and nobody looks for them."""


def categories_of(categories: Iterable[str]) -> list[tuple[str, str]]:
    """Those that say what a model does or whose it is, and each in words: `text-to-video`, `Text to video`."""
    return [(each, in_words(each)) for each in categories if each not in _MARKS]


def in_words(category: str) -> str:
    """`Text to video`."""
    words = category.replace("-", " ").strip()
    return words[:1].upper() + words[1:]
