"""All models that can be asked for, by address, by search and by group, and the sample inputs and covers that they name."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from understudy.catalogue.explore import Group, explore
from understudy.catalogue.manifest import Model
from understudy.catalogue.search import Sort, Statistics, search


class _Index(msgspec.Struct, frozen=True):
    """Everything that follows from the models, so that all of it changes at once."""

    models: tuple[Model, ...]
    by_key: dict[tuple[str, str], Model]
    by_alias: dict[str, Model]


class Catalogue:
    """Made by `load_catalogue`. Models are immutable; `revise` puts others in their places, and changes nothing else.

    So whoever keeps something that is made of a model keeps it no longer than `find` returns the same one.
    """

    def __init__(
        self, models: Sequence[Model], samples: Mapping[str, Path], covers: Mapping[str, Path] | None = None
    ) -> None:
        self._manifests = {self.key(model.owner, model.slug): model for model in models}
        self._index = _indexed(self._manifests)
        self._samples = dict(samples)
        self._covers = dict(covers or {})

    @staticmethod
    def key(owner: str, slug: str) -> tuple[str, str]:
        """What two spellings of one address have in common."""
        return owner.lower(), slug.lower().replace(".", "-")

    def revise(self, models: Iterable[Model]) -> None:
        """Offer these in place of what manifests say at their addresses; everything else is as the manifests say.

        Raises `KeyError` for an address that no manifest has.
        """
        revised = {self.key(model.owner, model.slug): model for model in models}
        if unknown := revised.keys() - self._manifests.keys():
            raise KeyError(unknown.pop())
        self._index = _indexed({**self._manifests, **revised})

    def manifest(self, owner: str, slug: str) -> Model | None:
        """The model at an address as its manifest has it; addresses as in `find`."""
        return self._manifests.get(self.key(owner, slug))

    @property
    def models(self) -> tuple[Model, ...]:
        """Every model, disabled ones too: the bundled ones first, by address."""
        return self._index.models

    @property
    def samples(self) -> Mapping[str, Path]:
        """Every sample input by its name."""
        return self._samples

    def find(self, owner: str, slug: str) -> Model | None:
        """The model at an address, in upper or lower case, with '.' or '-' in the slug."""
        return self._index.by_key.get(self.key(owner, slug))

    def named(self, name: str) -> Model | None:
        """The model that a client of any protocol calls so: `owner/slug` as in `find`, or an alias, in any case."""
        owner, _, slug = name.partition("/")
        return self.find(owner, slug) or self._index.by_alias.get(name.lower())

    def sample(self, name: str) -> Path | None:
        """The file of a sample input. Names are looked up, never joined to a path."""
        return self._samples.get(name)

    def cover(self, name: str) -> Path | None:
        """The file of a cover, by the last part of a manifest's `cover`."""
        return self._covers.get(name)

    def has_sample(self, name: str) -> bool:
        """Whether there is a sample input of that name."""
        return name in self._samples

    def search(
        self,
        text: str = "",
        *,
        categories: Sequence[str] = (),
        tags: Sequence[str] = (),
        owner: str = "",
        sort: Sort = "id",
        order: str = "ASC",
        start: int = 0,
        limit: int = 20,
        stats: Mapping[str, Statistics] | None = None,
    ) -> tuple[int, list[Model]]:
        """How many enabled models match, and those from `start` on, at most `limit` (see search.py)."""
        found = search(
            self.models,
            text,
            categories=categories,
            tags=tags,
            owner=owner,
            sort=sort,
            descending=order.upper() == "DESC",
            stats=stats or {},
        )
        start = max(0, start)
        return len(found), found[start : start + max(0, limit)]

    def explore(self) -> tuple[Group, ...]:
        """The enabled models in groups to browse; empty groups are left out."""
        return explore(self.models)


def _indexed(models: dict[tuple[str, str], Model]) -> _Index:
    return _Index(
        tuple(models.values()),
        models,
        {alias.lower(): model for model in models.values() for alias in model.aliases},
    )
