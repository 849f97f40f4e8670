"""A request to create a video: its body, read into a model, the fields of a run, and files. Pure."""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from understudy.api.asked import Asked, fields_for, picture_field
from understudy.api.body import Body
from understudy.api.json_text import read_object
from understudy.api.openai_videos.models import no_such_model
from understudy.api.openai_videos.refusals import Refused, Unsupported
from understudy.catalogue.catalogue import Catalogue
from understudy.catalogue.checked import Upload
from understudy.catalogue.manifest import Model
from understudy.engines.wish import FIELDS, Field
from understudy.errors import InvalidInput, TooLarge

DEFAULT_MODEL = "sora-2"
DEFAULT_SIZE = (720, 1280)
"""The protocol's own, where neither a size nor a picture is given."""
LONGEST_PROMPT = 32_000
"""Characters, as the protocol has it."""

REFERENCE = "input_reference"
CALLBACK = "callback_url"

_OTHER_REFERENCES = ("image_reference", "reference_url")
"""What vLLM-Omni (0.30) and SGLang (0.5) call the picture's address; the former sends its object as JSON in a form."""
_SIDES = ("width", "height")
"""Together in place of `size`, as the same two take them."""

_WORDS: Mapping[str, Field] = {"prompt": "prompt", "seconds": "seconds", "size": "tier"}
_SNAKE = re.compile(r"_([a-z0-9])")
_SIZE = re.compile(r"([1-9]\d{1,4})x([1-9]\d{1,4})", re.ASCII)


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What a request to create a video asks for, not checked yet against its model."""

    model: Model
    fields: dict[str, Any]
    """By the names of the model's inputs; those of others are not known to it."""
    uploads: dict[str, tuple[Upload, ...]]
    picture: str = ""
    """The model's input for the picture, if there is one in `data_url`."""
    data_url: str = ""
    """A picture that came inside the text."""
    callback_url: str = ""

    @property
    def own_names(self) -> dict[str, str]:
        """For inputs of the model what this protocol calls them, to blame the right field."""
        own = {"seconds": "seconds", "picture": REFERENCE}
        names = {id: own[word] for id in self.model.input_ids if (word := FIELDS.get(id, "")) in own}
        return names | {"callbackUrl": CALLBACK}


def wanted(body: Body, catalogue: Catalogue, text_bytes: int) -> Wanted:
    """Read a body. `text_bytes`: what its fields may have together, the picture aside. Raises `RequestError`."""
    fields = _unbracketed(body.fields)
    if REFERENCE not in fields and REFERENCE not in body.uploads:
        fields = _with_reference(fields)
    _check_length(fields, text_bytes)
    name = _text(fields, "model") or DEFAULT_MODEL
    model = catalogue.named(name)
    if model is None or not model.enabled:
        raise no_such_model(name)
    address, picture = _address(fields.get(REFERENCE)), picture_field(model)
    if picture is None and (address or REFERENCE in body.uploads):
        raise Refused(400, "This model takes no picture.", param=REFERENCE)
    others = _others(model, fields)
    shaped = bool(address or body.uploads or (picture and {picture, f"{picture}Url"} & others.keys()))
    run = fields_for(model, _asked(fields, () if shaped else DEFAULT_SIZE)) | others
    inline = address.startswith("data:")
    if picture and address and not inline:
        run[picture] = address
    return Wanted(
        model=model,
        fields=run,
        uploads={picture or "" if each == REFERENCE else each: files for each, files in body.uploads.items()},
        picture=picture or "" if inline else "",
        data_url=address if inline else "",
        callback_url=_text(fields, CALLBACK),
    )


def _unbracketed(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Clients write the object `input_reference` into a form as `input_reference[image_url]`."""
    plain: dict[str, Any] = {}
    parts: dict[str, Any] = {}
    for name, value in fields.items():
        if name.startswith(f"{REFERENCE}[") and name.endswith("]"):
            parts[name[len(REFERENCE) + 1 : -1]] = value
        else:
            plain[name] = value
    return {**plain, REFERENCE: parts} if parts else plain


def _with_reference(fields: dict[str, Any]) -> dict[str, Any]:
    """With the picture's address under the protocol's own name, if it has come under another."""
    name = next((name for name in _OTHER_REFERENCES if fields.get(name)), None)
    if name is None:
        return fields
    given = fields[name]
    if isinstance(given, str) and given.lstrip().startswith("{"):
        try:
            given = read_object(given.encode())
        except InvalidInput as error:
            raise Refused(400, f"{name} is no valid JSON.", param=name) from error
    return {**{key: value for key, value in fields.items() if key != name}, REFERENCE: given}


def _check_length(fields: Mapping[str, Any], most: int) -> None:
    # The body as a whole may be longer, for the sake of a picture inside it.
    length = sum(
        len(value) if isinstance(value, str) else len(msgspec.json.encode(value))
        for name, value in fields.items()
        if name != REFERENCE
    )
    if length > most:
        raise TooLarge("The request is too large.", f"Its text may have at most {most:,} bytes.")


def _asked(fields: Mapping[str, Any], default_size: tuple[int, ...]) -> Asked:
    prompt = _text(fields, "prompt")
    if len(prompt) > LONGEST_PROMPT:
        message = f"The prompt may have at most {LONGEST_PROMPT:,} characters."
        raise Refused(400, message, param="prompt")
    width, height = _size(_text(fields, "size")) or _sides(fields) or default_size or (0, 0)
    return Asked(prompt=prompt, seconds=_seconds(fields.get("seconds")), width=width, height=height)


def _others(model: Model, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields beside the protocol's own, by the names of the model's inputs where they are some, in snake_case or not.

    What no model knows goes along: its task says then that it was ignored.
    """
    understood = {FIELDS[id] for id in model.input_ids if id in FIELDS}
    taken = {name for name, word in _WORDS.items() if word in understood} | {"model", REFERENCE, CALLBACK}
    if "size" in taken and not fields.get("size"):
        taken.update(_SIDES)
    return {
        _input_name(model, name): value
        for name, value in fields.items()
        if name not in taken and value is not None
    }


def _input_name(model: Model, name: str) -> str:
    if name in model.fields:
        return name
    camel = _SNAKE.sub(lambda found: found[1].upper(), name)
    return camel if camel in model.fields else name


def _address(given: object) -> str:
    """The address of a reference picture: web or data URL; "" for none."""
    match given:
        case None | "":
            return ""
        case {"file_id": _}:
            raise Unsupported(
                "There are no files to refer to here: send the picture itself as input_reference, or its image_url.",
                param=f"{REFERENCE}.file_id",
            )
        case str(url) | {"image_url": str(url)} if url.startswith(("data:", "http://", "https://")):
            return url
    raise Refused(
        400,
        'input_reference takes a picture file, or {"image_url": ...} with an http, https or data URL.',
        param=REFERENCE,
    )


def _seconds(given: object) -> str:
    match given:
        case None:
            return ""
        case bool():
            pass
        case str():
            return given.strip()
        case int():
            return str(given)
        case float() if given.is_integer():
            return str(int(given))
    raise Refused(400, "seconds takes a whole number, as a number or as text.", param="seconds")


def _size(given: str) -> tuple[int, int] | None:
    if not given:
        return None
    size = _SIZE.fullmatch(given)
    if size is None:
        raise Refused(400, "size takes WIDTHxHEIGHT in pixels, such as 1280x720.", param="size")
    return int(size[1]), int(size[2])


def _sides(fields: Mapping[str, Any]) -> tuple[int, int] | None:
    width, height = (fields.get(name) for name in _SIDES)
    if not width or not height:
        return None
    size = _SIZE.fullmatch(f"{width}x{height}")
    if size is None:
        raise Refused(400, "width and height take pixels, such as 1280 and 720.", param="width")
    return int(size[1]), int(size[2])


def _text(fields: Mapping[str, Any], name: str) -> str:
    given = fields.get(name)
    if given is None:
        return ""
    if not isinstance(given, str):
        raise Refused(400, f"{name} takes text.", param=name)
    return given
