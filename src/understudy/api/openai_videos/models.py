"""`GET /v1/models`: what can be named as `model`."""

from functools import cached_property

from understudy.api.answers import encode
from understudy.api.openai_videos.door import Answer, Asking
from understudy.api.openai_videos.refusals import Refused, no_such_way
from understudy.api.parts import Parts
from understudy.catalogue.manifest import Model

_LONGEST_SHOWN = 100


def no_such_model(name: str) -> Refused:
    """The refusal of a name that no model has."""
    return Refused(
        404,
        f"There is no model {name[:_LONGEST_SHOWN]!r} here; GET /v1/models lists those that there are.",
        param="model",
        code="model_not_found",
    )


class Models:
    """The models by address and by alias."""

    def __init__(self, parts: Parts) -> None:
        self._catalogue = parts.catalogue
        self._clock = parts.clock

    @cached_property
    def _created(self) -> int:
        """The protocol wants a time for each model; contracts have none."""
        return int(self._clock())

    async def answer(self, asking: Asking) -> Answer:
        """The list, or the model named in the path. Raises `Refused`."""
        if asking.method not in ("GET", "HEAD"):
            raise no_such_way(asking.method, asking.scope["path"])
        if not asking.path:
            names = [
                self._object(name, model)
                for model in self._catalogue.models
                if model.enabled
                for name in (model.address, *model.aliases)
            ]
            return Answer(encode({"object": "list", "data": names}))
        model = self._catalogue.named(asking.path)
        if model is None or not model.enabled:
            raise no_such_model(asking.path)
        alias = next((each for each in model.aliases if each.lower() == asking.path.lower()), model.address)
        return Answer(encode(self._object(alias, model)))

    def _object(self, name: str, model: Model) -> dict[str, object]:
        return {"id": name, "object": "model", "created": self._created, "owned_by": model.owner}
