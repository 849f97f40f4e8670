"""Reading an address from outside, strictly. Pure: no name is looked up here.

Where the world's URL parsers disagree (white space, backslashes, `user@host`, percent signs in hosts, IPv4 addresses
in octal), this one refuses; so no other program can read another host out of a URL than the one checked here.
"""

import re
import unicodedata
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Literal

import msgspec

from understudy.errors import AddressRefused
from understudy.files.networks import Address, plain

LONGEST = 8192
"""Characters in a URL."""

_URL = re.compile(r"(https?)://([^/?#]*)([^#]*)(?:#.*)?", re.IGNORECASE | re.DOTALL)
_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:\[\]]+)(?::([0-9]{0,5}))?", re.ASCII)
_NAME = re.compile(
    r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*"
)
# A last label of this form makes a host an IPv4 address for every client (WHATWG URL, "ends in a number").
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
# What IDNA counts as a full stop beside the ASCII one, RFC 3490, 3.1.
_FULL_STOPS = str.maketrans("。．｡", "...")


class WebUrl(msgspec.Struct, frozen=True, kw_only=True):
    """An http(s) URL in its parts."""

    scheme: Literal["http", "https"]
    host: str
    """Lower case, ASCII (IDNA), without a last dot; an IPv6 address without brackets."""
    port: int
    target: str
    """Path and query as they were given, not empty; the fragment is gone."""
    ip: str | None = None
    """The host, if it is an IP address: IPv4-mapped IPv6 as IPv4."""

    @property
    def authority(self) -> str:
        """Host and port as the Host header has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> tuple[str, str, int]:
        """Scheme, host and port: who may see what is meant for this address."""
        return self.scheme, self.host, self.port

    @property
    def is_localhost(self) -> bool:
        """Whether the host is a name that always means this machine, RFC 6761, 6.3."""
        return self.host.rpartition(".")[2] == "localhost"


_DEFAULT_PORTS = {"http": 80, "https": 443}


def parse_url(url: str) -> WebUrl:
    """The parts of `url`. Raises `AddressRefused`, saying what is wrong, for everything but a plain http(s) URL.

    Every port from 1 to 65535 is accepted: files are served on any of them.
    """
    if len(url) > LONGEST:
        raise AddressRefused("The address is too long.")
    if any(c.isspace() or c == "\\" or unicodedata.category(c)[0] == "C" for c in url):
        raise AddressRefused("The address has a space, a backslash or a control character in it.")
    whole = _URL.fullmatch(url)
    if whole is None:
        raise AddressRefused("The address must begin with http:// or https://.")
    if "@" in whole[2]:
        raise AddressRefused("The address must not have a user name or password in it.")
    parts = _AUTHORITY.fullmatch(whole[2])
    if parts is None:
        raise AddressRefused("The address has no valid host and port.")
    scheme: Literal["http", "https"] = "https" if whole[1].lower() == "https" else "http"
    port = int(parts[2]) if parts[2] else _DEFAULT_PORTS[scheme]
    if not 0 < port < 65536:
        raise AddressRefused("The port of the address must be between 1 and 65535.")
    host, ip = _host(parts[1])
    target = whole[3] if whole[3].startswith("/") else "/" + whole[3]
    return WebUrl(scheme=scheme, host=host, port=port, target=target, ip=None if ip is None else str(ip))


def _host(text: str) -> tuple[str, Address | None]:
    if text.startswith("["):
        try:
            ip = plain(IPv6Address(text[1:-1]))
        except AddressValueError as error:
            raise AddressRefused("The address has an IPv6 host that is not valid.") from error
        return str(ip), ip
    # Browsers read wide digits and letters as plain ones; so must the check.
    name = unicodedata.normalize("NFKC", text.translate(_FULL_STOPS)).translate(_FULL_STOPS).lower()
    name = _ascii(name).removesuffix(".")
    if not _NAME.fullmatch(name):
        raise AddressRefused("The host of the address is not a valid name.")
    if not _NUMBER.fullmatch(name.rpartition(".")[2]):
        return name, None
    try:
        ip = IPv4Address(name)
    except AddressValueError as error:
        raise AddressRefused(
            "The host of the address is a number; write an IPv4 address as four decimal numbers."
        ) from error
    return str(ip), ip


def _ascii(name: str) -> str:
    if name.isascii():
        return name
    import httpx  # its IDNA 2008 encoding; late, for it takes 150 ms to import

    try:
        return httpx.URL(scheme="http", host=name).raw_host.decode("ascii").lower()
    except (httpx.InvalidURL, ValueError) as error:
        raise AddressRefused("The host of the address is not a valid name.") from error
