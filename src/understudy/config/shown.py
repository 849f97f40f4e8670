"""Settings as operators see them: every one, its value and where that comes from; secrets are hidden."""

from typing import Any

import msgspec

from understudy.config.settings import Settings
from understudy.config.table import TABLE, Setting

_HIDDEN = "***"
_SECRET_WORDS = ("key", "secret", "token", "password")


def shown(settings: Settings) -> list[tuple[Setting, Any, str]]:
    """Each setting, its value fit to be shown, and its origin."""
    return [(row, _shown(row, getattr(settings, row.name)), settings.origin(row.name)) for row in TABLE]


def text(value: Any) -> str:
    """A value in one line: lists and tables as JSON."""
    if isinstance(value, tuple | dict):
        return msgspec.json.encode(value, enc_hook=str).decode()
    return str(value)


def _shown(row: Setting, value: Any) -> Any:
    if row.secret and value:
        return _HIDDEN
    if row.name == "engine":
        return {name: _without_secrets(options) for name, options in value.items()}
    return value


def _without_secrets(options: dict[str, Any]) -> dict[str, Any]:
    """Engines name their own options, so what may be a secret is told by its name."""
    return {
        name: _HIDDEN if value and any(word in name.lower() for word in _SECRET_WORDS) else value
        for name, value in options.items()
    }
