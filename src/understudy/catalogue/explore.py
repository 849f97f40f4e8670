"""The groups in which models are shown to somebody who looks around, as Tool/Explore does. Pure."""

from collections.abc import Sequence

import msgspec

from understudy.catalogue.manifest import Model

_TITLES = {
    "hero-showcase": "In the spotlight",
    "quick-showcase": "Quick to try",
    "text-to-video": "From words to video",
    "image-to-video": "From a picture to video",
    "partner": "From partners",
    "persistent": "Always loaded",
}
"""Categories that make a group, in the order of the page."""


class Group(msgspec.Struct, frozen=True):
    """Some models under one heading; `id` is the category that they share."""

    id: str
    title: str
    models: tuple[Model, ...]


def explore(models: Sequence[Model]) -> tuple[Group, ...]:
    """The enabled models by group; a model may be in several, empty groups are left out."""
    groups = (
        Group(id, title, tuple(model for model in models if model.enabled and id in model.categories))
        for id, title in _TITLES.items()
    )
    return tuple(group for group in groups if group.models)
