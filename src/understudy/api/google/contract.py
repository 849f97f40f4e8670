"""Between this dialect's fields and a contract's inputs. Pure."""

import re

import msgspec

from understudy.api.asked import Asked, fields_for
from understudy.api.google.errors import FieldRefused
from understudy.catalogue.catalogue import Catalogue
from understudy.catalogue.manifest import Model
from understudy.engines.wish import FIELDS, Field
from understudy.errors import InvalidInput, NotAllowed, NotFound

_PLACES: dict[Field, str] = {
    "prompt": "instances[0].prompt",
    "picture": "instances[0].image",
    "seconds": "parameters.durationSeconds",
    "ratio": "parameters.aspectRatio",
    "tier": "parameters.resolution",
    "sound": "parameters.generateAudio",
    "negative": "parameters.negativePrompt",
    "enhance": "parameters.enhancePrompt",
    "people": "parameters.personGeneration",
    "seed": "parameters.seed",
}
_NAMED = re.compile(r"(?:Request (?:parameter|files) )?\[(\w+)\] (.+)")


def usable(catalogue: Catalogue, owner: str, name: str) -> Model:
    """The model of a path. `owner`: the publisher, "" in the Developer form; with Google's, aliases are known, too.

    Raises `NotFound` or, for a disabled one, `NotAllowed`.
    """
    model = catalogue.find(owner, name) if owner else None
    if model is None and owner in ("", "google"):
        model = catalogue.named(name)
    if model is None:
        raise NotFound(f"There is no model {name} here. GET /v1beta/models lists those that there are.")
    if not model.enabled:
        raise NotAllowed(f"The model {name} is switched off here.")
    return model


def without_effect(model: Model, asked: Asked) -> tuple[str, ...]:
    """The places of what was asked for and changes nothing, because the contract has no input for it."""
    blank = Asked(prompt=asked.prompt)
    fields = fields_for(model, asked)
    found = []
    for field, place in _PLACES.items():
        if field in ("prompt", "picture") or getattr(asked, field) == getattr(blank, field):
            continue
        if fields_for(model, msgspec.structs.replace(asked, **{field: getattr(blank, field)})) == fields:
            found.append(place)
    return tuple(found)


def in_their_words(refused: InvalidInput) -> FieldRefused | None:
    """A refusal that names an input of the contract, naming the client's field instead; None if it names no such input."""
    for text in (refused.message, *refused.details):
        match = _NAMED.fullmatch(text)
        if match and (place := _PLACES.get(FIELDS.get(match[1], "steps"))):
            return FieldRefused(place, _sentence(match[2]))
    return None


def _sentence(text: str) -> str:
    text = "is required" if text == "required" else text
    return text if text.endswith(".") else f"{text}."
