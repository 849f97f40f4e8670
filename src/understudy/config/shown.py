"""Settings as operators see them: every one, its value and where that comes from; secrets are hidden."""

import re
from typing import Any

import msgspec

from understudy.config.settings import Settings
from understudy.config.table import TABLE, Setting

_HIDDEN = "***"
_SECRET_WORDS = ("key", "secret", "token", "password", "passphrase", "authorization", "credential", "cookie")
_USER = re.compile(r"(?<=://)[^/?#\s]*@")
"""Name and password in an address; a password may have an @ of its own."""
_PARAMETER = re.compile(r"(?<![^?&;\s])([^=?&;#\s]+)=([^&;#\s]+)")
"""Of an address, of a connection in words (`host=db password=...`), of a command."""
_ALONE = frozenset(("sig", "signature", "auth", "pass", "pwd", "passwd"))
"""More words for secrets, where they are not part of another one."""
_BETWEEN_WORDS = re.compile(r"[^a-z0-9]+")
_HEADER = re.compile(r"\b(bearer|basic)\s+\S+", re.IGNORECASE)


def shown(settings: Settings) -> list[tuple[Setting, Any, str]]:
    """Each setting, its value fit to be shown, and its origin."""
    return [(row, _shown(row, getattr(settings, row.name)), settings.origin(row.name)) for row in TABLE]


def text(value: Any) -> str:
    """A value in one line: lists and tables as JSON."""
    if isinstance(value, tuple | dict | bool):
        return msgspec.json.encode(value, enc_hook=str).decode()
    return str(value)


def _shown(row: Setting, value: Any) -> Any:
    return _HIDDEN if row.secret and value else _without_secrets(value)


def _without_secrets(value: Any) -> Any:
    """Engines name their own options, so what may be a secret is told by its name, and by what addresses look like."""
    if isinstance(value, dict):
        return {
            name: _HIDDEN if inner and _is_secret(str(name)) else _without_secrets(inner)
            for name, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return type(value)(_without_secrets(each) for each in value)
    return _without_passwords(value) if isinstance(value, str) else value


def _is_secret(name: str) -> bool:
    lower = name.lower()
    # A file that holds a secret may be named.
    if lower.endswith("_file"):
        return False
    return any(word in lower for word in _SECRET_WORDS) or not _ALONE.isdisjoint(_BETWEEN_WORDS.split(lower))


def _without_passwords(value: str) -> str:
    value = _USER.sub(f"{_HIDDEN}@", value)
    value = _HEADER.sub(rf"\1 {_HIDDEN}", value)
    return _PARAMETER.sub(
        lambda found: f"{found[1]}={_HIDDEN}" if _is_secret(found[1]) else found[0],
        value,
    )
