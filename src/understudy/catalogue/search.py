"""Searching models, as Tool/List does. Pure."""

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol, get_args

from understudy.catalogue.manifest import Model

Sort = Literal["id", "relevance", "time", "ratedusercount", "commentcount", "averagepoint"]
SORTS: tuple[str, ...] = get_args(Sort)


class Statistics(Protocol):
    """What the tasks of one model have been so far."""

    @property
    def runs(self) -> int:
        """How many ended, in whatever way."""

    @property
    def successes(self) -> int:
        """How many of them made their clip."""

    @property
    def errors(self) -> int:
        """How many of them failed."""

    @property
    def last_run(self) -> float:
        """When the last one ended, Unix seconds; 0 if there was none."""

    @property
    def mean_elapsed(self) -> float:
        """Seconds of work of a successful one; 0 before the first."""


def search(
    models: Sequence[Model],
    text: str = "",
    *,
    categories: Sequence[str] = (),
    tags: Sequence[str] = (),
    owner: str = "",
    sort: Sort = "id",
    descending: bool = False,
    stats: Mapping[str, Statistics],
) -> list[Model]:
    """The enabled models that have every word of `text` somewhere, any of the categories and any of the tags.

    `sort`: "id" is the catalogue's order; "relevance" puts matches in the name before those in the description, and
    the best first whatever `descending` says; "time" is the time of the last run. Nobody rates or comments here, so
    the three keys about that leave the catalogue's order.
    """
    words = text.casefold().split()
    scored = [
        (_relevance(model, words), model)
        for model in models
        if model.enabled
        and (not owner or model.owner == owner.lower())
        and (not categories or not set(categories).isdisjoint(model.categories))
        and (not tags or not set(tags).isdisjoint(model.tags))
    ]
    found = [(score, model) for score, model in scored if score > 0]
    if sort == "relevance":
        found.sort(key=lambda each: -each[0])
    elif sort == "time":
        found.sort(key=lambda each: _last_run(stats, each[1]), reverse=descending)
    elif descending:
        found.reverse()
    return [model for _, model in found]


def _last_run(stats: Mapping[str, Statistics], model: Model) -> float:
    known = stats.get(model.address)
    return known.last_run if known else 0.0


def _relevance(model: Model, words: Sequence[str]) -> int:
    # Each word counts for the best place that has it; a word that is nowhere excludes the model.
    places = (
        (8, f"{model.address} {model.name} {model.title}".casefold()),
        (4, " ".join((*model.categories, *model.tags)).casefold()),
        (2, model.description.casefold()),
        (1, model.readme.casefold()),
    )
    scores = [max((weight for weight, place in places if word in place), default=0) for word in words]
    return (sum(scores) if all(scores) else 0) if words else 1
