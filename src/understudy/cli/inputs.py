"""The inputs of a run, as they are written on the command line."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from understudy.client.errors import InvalidRequest


def read_inputs(given: Iterable[str]) -> dict[str, Any]:
    """`name=value` as text, `name=@file` as a `Path`; a name that comes again makes a list.

    `@@` stands for an @ at the beginning of text. Raises `InvalidRequest` for anything else and for missing files.
    """
    values: dict[str, list[str | Path]] = {}
    for each in given:
        name, equals, text = each.partition("=")
        name = name.strip()
        if not (name and equals):
            raise InvalidRequest(f"An input is written name=value or name=@file, not {each!r}.")
        values.setdefault(name, []).append(_value(name, text))
    return {name: each[0] if len(each) == 1 else each for name, each in values.items()}


def _value(name: str, text: str) -> str | Path:
    if text.startswith("@@"):
        return text[1:]
    if not text.startswith("@"):
        return text
    path = Path(text[1:]).expanduser()
    if not path.is_file():
        raise InvalidRequest(f"There is no file {text[1:]} for the input {name}.")
    return path
