"""Who may come in at /mcp: the checks before the protocol. Pure.

A page that a browser has open must not reach a server on the same machine or network by a name that its owner points
there (DNS rebinding). Such a page always brings a name: so an address in figures is taken, and of names only this
machine's and the operator's own.
"""

import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

import msgspec

Headers = Iterable[tuple[bytes, bytes]]


class Keys(msgspec.Struct, frozen=True):
    """A project's keys; without a secret, of a project that does not sign."""

    key: str
    secret: str = ""

    def __repr__(self) -> str:
        return "Keys(...)"


def keys_of(headers: Headers) -> Keys | None:
    """`Authorization: Bearer KEY:SECRET`, or the same text in `x-api-key`; None if there are none that could be keys."""
    given = {name: value.decode("latin-1").strip() for name, value in headers}
    scheme, _, token = given.get(b"authorization", "").partition(" ")
    text = token.strip() if scheme.lower() == "bearer" else given.get(b"x-api-key", "")
    key, _, secret = text.partition(":")
    return Keys(key, secret) if key and text.isascii() and text.isprintable() else None


def is_ours(headers: Headers, base_url: str) -> bool:
    """Whether `Host`, and `Origin` if there is one, name this server by a name that only it can have."""
    given = {name: value.decode("latin-1") for name, value in headers}
    origin = given.get(b"origin", "")
    return _is_safe(f"//{given.get(b'host', '')}", base_url) and (not origin or _is_safe(origin, base_url))


def _is_safe(address: str, base_url: str) -> bool:
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:
        return False
    if host in ("localhost", urlsplit(base_url).hostname) or host.endswith(".localhost"):
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
