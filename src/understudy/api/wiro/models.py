"""Models as this dialect names them."""

from understudy.catalogue.catalogue import Catalogue
from understudy.catalogue.manifest import Model
from understudy.errors import NotAllowed, NotFound
from understudy.tasks.records import Task


def usable(catalogue: Catalogue, owner: str, slug: str) -> Model:
    """The model at an address. Raises `NotFound` or, for a disabled one, `NotAllowed`."""
    model = catalogue.find(owner, slug)
    if model is None:
        raise NotFound("slug-owner-project-not-exist")
    if not model.enabled:
        raise NotAllowed("tool-not-accessible")
    return model


def of_task(catalogue: Catalogue, task: Task) -> Model | None:
    """The model that a task runs; None if the catalogue does not have it any more."""
    owner, _, slug = task.model.partition("/")
    return catalogue.find(owner, slug)


def by_name(catalogue: Catalogue, name: str) -> str:
    """The address that a list is narrowed to: of `owner/slug`, of a printed name, or of a slug alone.

    What no model is called stays as it is, and matches nothing.
    """
    if "/" in name:
        model = catalogue.find(*name.split("/", 1))
    else:
        model = next((each for each in catalogue.models if each.slug.lower() == name.lower()), None)
    return model.address if model else name
