"""Checks the inputs of one run against the model's manifest: what comes out, engines may rely on. Pure.

The messages are the wire's own (`Request parameter [prompt] required`); where it has no wording for a problem, the
message is "Request parameters are invalid." and the error's `details` say which input, and what to do.

Not given is the same as "", null or an empty list, with one exception: a text that is "" on purpose stays "".
"""

from collections.abc import Callable, Mapping, Sequence

from understudy.catalogue.checked import Checked, Source, Upload, Value
from understudy.catalogue.manifest import Input, Model
from understudy.catalogue.numeric import NotANumber, OutOfRange, as_number
from understudy.catalogue.sources import read_sources
from understudy.catalogue.texts import as_text
from understudy.errors import InvalidInput

COMMON_FIELDS = frozenset({"callbackUrl", "projectid"})
"""What a run may carry beside its model's inputs."""

_NAMES_KEPT = 20
_NAME_KEPT = 64


def check(
    model: Model,
    fields: Mapping[str, object],
    uploads: Mapping[str, Sequence[Upload]],
    is_sample: Callable[[str], bool],
    *,
    files: str = "",
) -> Checked:
    """The inputs of a run, defaults filled in.

    `fields` are a JSON object's (any JSON values) or a form's (strings; a list where a name is repeated); `uploads`
    are the files by field. `is_sample` tells which names are bundled sample inputs, and `files` is the base address
    under which this server shows them.

    Raises `InvalidInput` for the first problem, in the order of the model's inputs.
    """
    values: dict[str, Value] = {}
    sources: dict[str, tuple[Source, ...]] = {}
    for each in model.inputs:
        if each.is_file:
            given = _sources(model, each, fields, uploads, is_sample, files)
            if given:
                sources[each.id] = given
            elif each.required:
                raise InvalidInput(f"Request files [{each.id}] required")
        elif uploads and any(upload.name for upload in uploads.get(each.id, ())):
            raise InvalidInput("Request parameters are invalid.", f"[{each.id}] takes a value, not a file.")
        else:
            values[each.id] = _value(each, fields.get(each.id))
    return Checked(values=values, sources=sources, ignored=_ignored(model, fields, uploads))


def _sources(
    model: Model,
    each: Input,
    fields: Mapping[str, object],
    uploads: Mapping[str, Sequence[Upload]],
    is_sample: Callable[[str], bool],
    files: str,
) -> tuple[Source, ...]:
    url_field = model.url_fields[each.id]
    if each.id not in fields and url_field not in fields and each.id not in uploads:
        return ()
    samples = frozenset(name for name in model.samples if is_sample(name))
    return read_sources(each, fields, uploads, samples, files, url_field)


def _value(each: Input, given: object) -> Value:
    match each.type:
        case "text" | "textarea":
            return _text(each, given)
        case "select":
            return _choice(each, given)
        case _:
            return _number(each, given)


def _text(each: Input, given: object) -> str:
    text = None if given is None or given == [] else as_text(each.id, given)
    if each.required and (text is None or not text.strip()):
        raise InvalidInput(f"Request parameter [{each.id}] required")
    return str(each.default) if text is None else text


def _choice(each: Input, given: object) -> str:
    if given is None or given == "" or given == []:
        if each.required:
            raise InvalidInput(f"Request parameter [{each.id}] required")
        return str(each.default)
    # JSON writes the same choice in several ways: 8, 8.0, "8"; true, "true".
    if isinstance(given, bool):
        given = "true" if given else "false"
    elif isinstance(given, float) and given.is_integer():
        given = int(given)
    values = [option.value for option in each.options]
    if not isinstance(given, str | int) or _decimal(given) not in values:
        raise InvalidInput(f"Request parameter [{each.id}] must be one of {', '.join(values)}")
    return _decimal(given)


def _number(each: Input, given: object) -> int | float:
    if given is None or given == [] or (isinstance(given, str) and not given.strip()):
        if each.required:
            raise InvalidInput(f"Request parameter [{each.id}] required")
        if isinstance(each.default, str):
            raise InvalidInput(f"Request parameter [{each.id}] must be integer or float")
        return each.default
    try:
        return as_number(given, each)
    except NotANumber as error:
        raise InvalidInput(f"Request parameter [{each.id}] must be integer or float") from error
    except OutOfRange as error:
        if each.min is not None and each.max is not None and "between" in str(error):
            raise InvalidInput(f"Request parameter [{each.id}] {error}") from error
        raise InvalidInput("Request parameters are invalid.", f"[{each.id}] {error}.") from error


def _decimal(given: str | int) -> str:
    # Python refuses to write ints of more than 4300 digits; no option is that long.
    return given if isinstance(given, str) else str(given) if abs(given) < 2**63 else ""


def _ignored(
    model: Model, fields: Mapping[str, object], uploads: Mapping[str, Sequence[Upload]]
) -> tuple[str, ...]:
    known = model.fields
    names = [name for name in (*fields, *uploads) if name not in known and name not in COMMON_FIELDS]
    if not names:
        return ()
    # The names go into the task's log: not too many, not too long, nothing unprintable.
    shown = [
        "".join(c if c.isprintable() else "?" for c in name[:_NAME_KEPT]) for name in names[:_NAMES_KEPT]
    ]
    return tuple(dict.fromkeys(shown))
