"""Categories of models as people read them. Pure."""

from collections.abc import Iterable

from understudy.catalogue.manifest import Model

_MARKS = frozenset(
    {
        *("tool", "model", "partner", "persistent", "use-agent"),
        *("price-list", "quick-showcase", "hero-showcase"),
        *("bf16", "fp8", "h100"),
    }
)
"""What the hosted catalogue marks its models with, among their categories: contracts keep them, and nobody looks for them."""


def categories_of(models: Iterable[Model]) -> list[tuple[str, str]]:
    """Those that say what models do, each as it is written and in words: `text-to-video`, `Text to video`."""
    found = {each for model in models for each in model.categories if each != model.owner}
    return [(each, _in_words(each)) for each in sorted(found - _MARKS)]


def _in_words(category: str) -> str:
    words = category.replace("-", " ").strip()
    return words[:1].upper() + words[1:]
