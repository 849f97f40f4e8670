"""Who played, as an Understudy behind this one says it, by whichever protocol: the object `engine` of its answers.

Nobody shall take a preview for something else because there is a server in between.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from understudy.engines.words import one_line


class Behind(msgspec.Struct, frozen=True):
    """What a server behind says; nothing, if it is no Understudy."""

    sentence: str = ""
    preview: bool = False


def behind(engine: object, *, hidden: Iterable[str] = ()) -> Behind:
    """Read the object, which comes from outside; `hidden` is what must not be repeated."""
    if not isinstance(engine, Mapping) or not engine.get("name"):
        return Behind()
    preview = engine.get("preview") is True
    name = f"{_text(engine, 'name')} {_text(engine, 'version')}".strip()
    tried = engine.get("tried")
    passed = "".join(
        f"; not by {_text(each, 'engine')}: {_text(each, 'reason')}".rstrip(".")
        for each in (tried if isinstance(tried, list) else ())
        if isinstance(each, Mapping)
    )
    sentence = f"Played there by {name}{' (a preview)' if preview else ''}{passed}."
    return Behind(one_line(sentence, hidden=hidden), preview)


def _text(wire: Mapping[Any, Any], key: str) -> str:
    value = wire.get(key)
    return "" if value is None else str(value)
