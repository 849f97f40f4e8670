"""The body of predictLongRunning, read into what all dialects ask for. Pure.

Fields as google-genai 3.4.0 and 2.34.0 send them. What would lead somewhere else than to this answer, or play other
pictures than those that are sent, is refused; what only describes is taken and has no effect.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from understudy.api.asked import Asked
from understudy.api.google.errors import FieldRefused

_NOT_HERE = "is not played here; leave it out."
_PEOPLE = {
    "allow_adult": "allow_adult",
    # Contracts know no third choice; the more careful of the two is taken.
    "allow_all": "allow_adult",
    "dont_allow": "dont_allow",
    # Google's REST page and its client spell it differently.
    "disallow": "dont_allow",
}
REFUSED = {
    "instances[0].lastFrame": _NOT_HERE,
    "instances[0].referenceImages": _NOT_HERE,
    "instances[0].video": "extending a video is not played here; leave it out.",
    "instances[0].mask": _NOT_HERE,
    "parameters.storageUri": "clips are kept by this server and come with the operation; leave it out.",
    "parameters.pubsubTopic": "this server publishes to no topic; ask for the operation instead.",
    "webhookConfig": "this server calls nobody in this protocol; ask for the operation instead.",
}
"""Why a field is refused, by its place."""

KNOWN = {
    "": {"instances", "parameters", "webhookConfig"},
    "instances[0]": {"prompt", "image", "lastFrame", "referenceImages", "video", "mask"},
    "parameters": {
        "sampleCount",
        "durationSeconds",
        "aspectRatio",
        "resolution",
        "negativePrompt",
        "enhancePrompt",
        "generateAudio",
        "personGeneration",
        "seed",
        "fps",
        "compressionQuality",
        "resizeMode",
        "storageUri",
        "pubsubTopic",
    },
}
"""The fields of each object of a request."""

_DIGITS = re.compile(r"[0-9]{1,18}", re.ASCII)
_FPS = 24
_SEEDS = 2**32
_LONGEST = 100_000
_NAMES_KEPT = 20
_NAME_KEPT = 64

Places = Sequence[tuple[str, Mapping[str, Any]]]
"""The objects of a request, by their places."""


class Predict(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for."""

    asked: Asked
    picture: str = ""
    """The picture that the clip begins with, in base64; "" for none."""
    ignored: tuple[str, ...] = ()
    """Fields that nobody here knows, by their places."""


def read_predict(body: Mapping[str, Any]) -> Predict:
    """The request. Raises `FieldRefused` for the first field that is missing, of the wrong type or not played here."""
    instance = _instance(body)
    parameters = _object(body, "parameters", "parameters")
    places: Places = (("", body), ("instances[0]", instance), ("parameters", parameters))
    for place, given in places:
        for name, value in given.items():
            if value is not None and (reason := REFUSED.get(_at(place, name))):
                raise FieldRefused(_at(place, name), reason)
    _check_fixed(parameters)
    asked = Asked(
        prompt=_text(instance, "instances[0]", "prompt"),
        seconds=_seconds(parameters),
        ratio=_text(parameters, "parameters", "aspectRatio"),
        tier=_text(parameters, "parameters", "resolution"),
        sound=_flag(parameters, "generateAudio"),
        negative=_text(parameters, "parameters", "negativePrompt"),
        enhance=_flag(parameters, "enhancePrompt"),
        people=_people(parameters),
        seed=_whole(parameters, "seed", 0, _SEEDS - 1),
    )
    return Predict(asked=asked, picture=_picture(instance), ignored=_unknown(places))


def _unknown(places: Places) -> tuple[str, ...]:
    """Fields that nobody knows. They go into the task's log: not too many, not too long, nothing unprintable."""
    names = [_at(place, name) for place, given in places for name in given if name not in KNOWN[place]]
    shown = (
        "".join(c if c.isprintable() else "?" for c in name[:_NAME_KEPT]) for name in names[:_NAMES_KEPT]
    )
    return tuple(dict.fromkeys(shown))


def _instance(body: Mapping[str, Any]) -> dict[str, Any]:
    given = body.get("instances")
    if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
        raise FieldRefused("instances", 'must be a list of one object: [{"prompt": "..."}].')
    if len(given) != 1:
        raise FieldRefused("instances", "takes one instance for each request.")
    instance: dict[str, Any] = given[0]
    return instance


def _check_fixed(parameters: Mapping[str, Any]) -> None:
    """What can only be as it is."""
    count = _whole(parameters, "sampleCount", 1, 2**31)
    if count not in (None, 1):
        raise FieldRefused(
            "parameters.sampleCount", "one clip is made for each request; send it again for more."
        )
    if _whole(parameters, "fps", 1, 1000) not in (None, _FPS):
        raise FieldRefused("parameters.fps", "the engine decides the frame rate; leave it out.")
    if _text(parameters, "parameters", "compressionQuality").upper() not in ("", "OPTIMIZED"):
        raise FieldRefused("parameters.compressionQuality", "only OPTIMIZED is made here; leave it out.")
    if _text(parameters, "parameters", "resizeMode").upper() not in ("", "CROP"):
        raise FieldRefused("parameters.resizeMode", "pictures are cropped to the clip's shape; leave it out.")


def _picture(instance: Mapping[str, Any]) -> str:
    image = _object(instance, "image", "instances[0].image")
    if image.get("gcsUri") is not None:
        raise FieldRefused(
            "instances[0].image.gcsUri", "this server does not read buckets; send bytesBase64Encoded."
        )
    # The Developer API's REST examples write it as the parts of other calls are written.
    inline = _object(image, "inlineData", "instances[0].image.inlineData")
    field = "instances[0].image.bytesBase64Encoded"
    given = image.get("bytesBase64Encoded", inline.get("data"))
    if given is None:
        if instance.get("image") is None:
            return ""
        raise FieldRefused(field, "is required in an image.")
    if not isinstance(given, str) or not given:
        raise FieldRefused(field, "must be a picture in base64.")
    return given


def _object(given: Mapping[str, Any], name: str, field: str) -> dict[str, Any]:
    value = given.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise FieldRefused(field, "must be an object.")
    return value


def _text(given: Mapping[str, Any], place: str, name: str) -> str:
    value = given.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise FieldRefused(_at(place, name), f"must be a string of at most {_LONGEST:,} characters.")
    return value


def _flag(parameters: Mapping[str, Any], name: str) -> bool | None:
    value = parameters.get(name)
    if value is None or isinstance(value, bool):
        return value
    raise FieldRefused(_at("parameters", name), "must be true or false.")


def _whole(parameters: Mapping[str, Any], name: str, low: int, high: int) -> int | None:
    """A whole number. ProtoJSON writes one as a number, with or without a fraction of zero, or as text."""
    number: int | None
    match parameters.get(name):
        case None:
            return None
        case bool():
            number = None
        case int() as given:
            number = given
        case float() as given if given.is_integer():
            number = int(given)
        case str() as text if _DIGITS.fullmatch(text):
            number = int(text)
        case _:
            number = None
    if number is None or not low <= number <= high:
        raise FieldRefused(_at("parameters", name), f"must be a whole number from {low} to {high}.")
    return number


def _seconds(parameters: Mapping[str, Any]) -> str:
    seconds = _whole(parameters, "durationSeconds", 1, 3600)
    return "" if seconds is None else str(seconds)


def _people(parameters: Mapping[str, Any]) -> str:
    given = _text(parameters, "parameters", "personGeneration")
    if given and given.lower() not in _PEOPLE:
        raise FieldRefused("parameters.personGeneration", f"must be one of {', '.join(_PEOPLE)}.")
    return _PEOPLE.get(given.lower(), "")


def _at(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name
