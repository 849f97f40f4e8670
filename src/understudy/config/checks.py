"""What types and bounds cannot state about single settings."""

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from understudy.errors import ConfigurationError

_HOST = re.compile(r"(?!-)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?", re.IGNORECASE)
_PLAIN = re.compile(r"[A-Za-z0-9._~:/\[\]%-]+")
"""What may stand in an address that is printed inside of shell commands."""
_PORTED = re.compile(r"(\[[^\]]+\]|[^:\[\]]+):([1-9][0-9]{0,4})")
_IMPORT = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")
_ADDRESS = re.compile(r"[^/\s]+/[^/\s]+")


def check(name: str, value: Any, place: str) -> None:
    """Raises `ConfigurationError` if `value` makes no sense as the setting `name`; `place` says where it stands."""
    wrong = _CHECKS.get(name, lambda _: "")(value)
    if wrong:
        raise ConfigurationError(f"{place}: {wrong}")


def _url(value: str) -> str:
    if not value:
        return ""
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        return f"not a valid address: {value}"
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return f"must start with http:// or https://, not {value!r}"
    if not _PLAIN.fullmatch(value):
        return "must be a base address, without user, query and characters that need quoting"
    return ""


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def _proxies(values: tuple[str, ...]) -> str:
    bad = next((each for each in values if not _is_network(each)), None)
    return "" if bad is None else f"{bad!r} is no IP address or network (10.0.0.0/8)"


def _addresses(values: tuple[str, ...]) -> str:
    bad = next((each for each in values if not _is_place(each)), None)
    return (
        ""
        if bad is None
        else f"{bad!r} is no host name, IP address or network (10.0.0.0/8), with :port or without"
    )


def _is_place(text: str) -> bool:
    ported = _PORTED.fullmatch(text)
    if ported and int(ported[2]) < 65536:
        text = ported[1].strip("[]")
    return _is_network(text) or _HOST.fullmatch(text) is not None


def _engines(values: tuple[str, ...]) -> str:
    bad = next((each for each in values if not _IMPORT.fullmatch(each)), None)
    return "" if bad is None else f"{bad!r} is no import path (package.module:attribute)"


def _cast(value: Mapping[str, object]) -> str:
    bad = next((each for each in value if each != "*" and not _ADDRESS.fullmatch(each)), None)
    return "" if bad is None else f'{bad!r} is no model (owner/slug, or "*" for all others)'


def _secret_key(value: str) -> str:
    if not value:
        return ""
    try:
        size = len(base64.b64decode(value, validate=True))
    except (binascii.Error, ValueError):
        return "must be 32 bytes in base64, as `openssl rand -base64 32` makes them"
    return "" if size == 32 else f"must be 32 bytes in base64, not {size}"


def _host(value: str) -> str:
    return (
        "" if value.strip() and "/" not in value else f"must be a host name or an IP address, not {value!r}"
    )


def _models(value: Mapping[str, Any]) -> str:
    return "it is by model; there is no * here" if "*" in value else _cast(value)


_CHECKS: dict[str, Callable[[Any], str]] = {
    "url": _url,
    "host": _host,
    "trusted_proxies": _proxies,
    "allow_addresses": _addresses,
    "engines": _engines,
    "cast": _cast,
    "priority": _cast,
    "failover": _cast,
    "max_queued": _cast,
    "max_running": _models,
    "metrics_from": _proxies,
    "secret_key": _secret_key,
}
