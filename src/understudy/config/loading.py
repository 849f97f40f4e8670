"""From a TOML file, the environment and flags to `Settings`, with the origin of each value."""

import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import msgspec

from understudy.config.checks import check
from understudy.config.folders import data_folder
from understudy.config.nearest import nearest
from understudy.config.settings import Origin, Settings
from understudy.config.table import TABLE, Setting, setting
from understudy.errors import ConfigurationError

OTHER_VARIABLES = frozenset({"CONFIG", "API_KEY", "API_SECRET", "DEBUG"})
"""Variables of ours that are no settings of the server: the command line and the client read them."""


class Given(msgspec.Struct, frozen=True):
    """One value that somebody wrote down, with the words that lead them back to it."""

    row: Setting
    value: object
    origin: Origin
    place: str


def load_settings(file: Path | None, environ: Mapping[str, str], flags: Mapping[str, object]) -> Settings:
    """The effective settings: a flag is stronger than the environment, which is stronger than the file.

    `flags` are by setting name; those that are None were not given. Relative paths in the file start at the file's
    folder, others at the current one. Entries of tables (`cast`, `engine`) are laid over those of weaker origins.

    Raises `ConfigurationError` for unknown keys, wrong types and values out of bounds, naming place, key and reason.
    """
    values: dict[str, Any] = {"data": data_folder({**environ, "UNDERSTUDY_DATA": ""})}
    values |= {row.name: row.default for row in TABLE if row.is_table}
    origins: dict[str, Origin] = {}
    for given in (*_from_file(file), *_from_environment(environ), *_from_flags(flags)):
        name = given.row.name
        base = file.parent if file is not None and given.origin == "file" else Path()
        value = _converted(given, base)
        check(name, value, given.place)
        values[name] = {**values[name], **value} if given.row.is_table else value
        origins[name] = given.origin
    settings = Settings(**values, origins=origins)
    _check_together(settings)
    return settings


def _from_file(file: Path | None) -> Iterator[Given]:
    if file is None:
        return
    try:
        content = tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{file}: the settings file cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file}: not a TOML file: {error}") from error
    by_key = {row.key: row for row in TABLE}
    sections = {row.section for row in TABLE if row.section}
    for key, value in content.items():
        if key not in sections:
            pairs = {key: value}
        elif isinstance(value, dict):
            pairs = {f"{key}.{inner}": each for inner, each in value.items()}
        else:
            raise ConfigurationError(f"{file}: {key}: must be a section, [{key}]")
        for full, each in pairs.items():
            if full not in by_key:
                names = {row.name: row.key for row in TABLE}
                meant = nearest(full, {**names, **{known: known for known in by_key}})
                raise ConfigurationError(f"{file}: {full}: no such setting{meant}")
            yield Given(by_key[full], each, "file", f"{file}: {full}")


def _from_environment(environ: Mapping[str, str]) -> Iterator[Given]:
    for row in TABLE:
        text = environ.get(row.environment)
        if text is not None and (text or row.bare is str):
            yield Given(row, _read_text(row, text), "environment", row.environment)
    known = {row.name.upper(): row.environment for row in TABLE}
    for variable in environ:
        name = variable.removeprefix("UNDERSTUDY_")
        if name != variable and name not in known and name not in OTHER_VARIABLES:
            # Only a probable slip is an error: Kubernetes, for one, sets variables named after services.
            meant = nearest(name, known)
            if meant:
                raise ConfigurationError(f"{variable}: no such setting{meant}")


def _read_text(row: Setting, text: str) -> object:
    if not (row.is_table or row.is_list):
        return text
    if row.is_list and not text.lstrip().startswith("["):
        return [part.strip() for part in text.split(",") if part.strip()]
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise ConfigurationError(f"{row.environment}: not valid JSON: {error}") from error


def _from_flags(flags: Mapping[str, object]) -> Iterator[Given]:
    for name, value in flags.items():
        if value is not None:
            yield Given(setting(name), value, "flag", setting(name).flag)


def _converted(given: Given, base: Path) -> Any:
    strict = given.origin != "environment"
    try:
        return msgspec.convert(given.value, given.row.type, strict=strict, dec_hook=_path_hook(base))
    except msgspec.ValidationError as error:
        key, value = _wrong_part(given, strict, base)
        shown = "" if given.row.secret else f", not {value!r}"
        raise ConfigurationError(
            f"{given.place}{key}: {_reason(given, str(error))}{shown}{_hint(given)}"
        ) from error


def _wrong_part(given: Given, strict: bool, base: Path) -> tuple[str, object]:
    """Of a table the entry that is wrong, as `.name` and its value: msgspec's own path has no names in it."""
    if isinstance(given.value, Mapping):
        for name, value in given.value.items():
            try:
                msgspec.convert({name: value}, given.row.type, strict=strict, dec_hook=_path_hook(base))
            except msgspec.ValidationError:
                return f".{name}", value
    return "", given.value


def _path_hook(base: Path) -> Callable[[type, Any], Any]:
    def to_path(kind: type, value: Any) -> Any:
        if kind is object:
            return value
        if kind is Path and isinstance(value, str | Path):
            return base / Path(value).expanduser()
        raise ValueError("must be a path in quotes")

    return to_path


_WORDS = {
    "int": "a whole number",
    "float": "a number",
    "str": "text in quotes",
    "array": "a list",
    "object": "a table",
    "bool": "true or false",
}


def _reason(given: Given, technical: str) -> str:
    """msgspec's sentence in the words of somebody who edits a settings file."""
    sentence, _, where = technical.partition(" - at `$")
    where = where.rstrip("`").replace("[...]", "")
    if sentence.startswith("Expected `") and ", got" in sentence:
        wanted = sentence.split("`")[1]
        return f"must be {_WORDS.get(wanted, wanted)}" + (f" (in {where.lstrip('.')})" if where else "")
    if sentence.startswith("Expected `"):
        return "must be " + sentence.removeprefix("Expected ").replace("`", "").replace("int ", "").replace(
            "float ", ""
        )
    if sentence.startswith("Invalid enum value"):
        of_one = get_args(given.row.bare)[-1] if given.row.is_table else given.row.bare
        return "must be one of " + ", ".join(get_args(of_one))
    return sentence


def _hint(given: Given) -> str:
    if given.origin == "environment" and str(given.value).startswith("tcp://"):
        return " (Kubernetes sets this for a service named understudy: turn enableServiceLinks off)"
    return ""


def _check_together(settings: Settings) -> None:
    if settings.max_request_bytes < settings.max_upload_bytes:
        raise ConfigurationError(
            f"{setting('max_request_bytes').key}: must not be less than {setting('max_upload_bytes').key}"
            f" ({settings.max_upload_bytes}), or such a file could never arrive"
        )
