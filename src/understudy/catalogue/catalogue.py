"""All models that can be asked for, by address, by search and by group, and the sample inputs and covers that they name."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from understudy.catalogue.explore import Group, explore
from understudy.catalogue.manifest import Model
from understudy.catalogue.search import Sort, Statistics, search


class Catalogue:
    """Immutable; made by `load_catalogue`."""

    def __init__(
        self, models: Sequence[Model], samples: Mapping[str, Path], covers: Mapping[str, Path] | None = None
    ) -> None:
        self._models = {self.key(model.owner, model.slug): model for model in models}
        self._aliases = {alias.lower(): model for model in models for alias in model.aliases}
        self._samples = dict(samples)
        self._covers = dict(covers or {})

    @staticmethod
    def key(owner: str, slug: str) -> tuple[str, str]:
        """What two spellings of one address have in common."""
        return owner.lower(), slug.lower().replace(".", "-")

    @property
    def models(self) -> tuple[Model, ...]:
        """Every model, disabled ones too: the bundled ones first, by address."""
        return tuple(self._models.values())

    @property
    def samples(self) -> Mapping[str, Path]:
        """Every sample input by its name."""
        return self._samples

    def find(self, owner: str, slug: str) -> Model | None:
        """The model at an address, in upper or lower case, with '.' or '-' in the slug."""
        return self._models.get(self.key(owner, slug))

    def named(self, name: str) -> Model | None:
        """The model that a client of any protocol calls so: `owner/slug` as in `find`, or an alias, in any case."""
        owner, _, slug = name.partition("/")
        return self.find(owner, slug) or self._aliases.get(name.lower())

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
