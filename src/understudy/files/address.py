"""The guard of addresses from outside: what an input's URL or a webhook's may lead to.

Somebody who can make this server fetch an address can otherwise reach what only the server can reach: the operator's
other services, the cloud's metadata, the machine itself. So: http(s) only, no credentials; the name is looked up
once, every address that it has must be public, and `Outbound` connects to a checked address and to no other. A name
that changes its answer between the check and the connection (DNS rebinding) gains nothing.

A network that translates IPv4 under a prefix of its own (RFC 6052, other than 64:ff9b::/96) cannot be known here;
its operator has to keep private addresses from being translated.
"""

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import ip_address, ip_network

import msgspec

from understudy.errors import AddressRefused, ConfigurationError
from understudy.files.networks import Address, Network, is_public, plain
from understudy.files.weburl import WebUrl, parse_url

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Host name and port to IP addresses, best first. Raises OSError if there are none."""

_ENTRY = re.compile(
    r"(\[[^\]]+\](?:/\d+)?|[^:\[\]]+|[0-9a-f:.]*:[0-9a-f:.]*:[0-9a-f:.]*(?:/\d+)?)(?::(\d+))?"
)

# One sentence for all of it: whoever asks must not learn which names exist inside, nor where they lead.
_REFUSED = "The host of the address cannot be found, or is in a network that this server does not reach."


class CheckedAddress(msgspec.Struct, frozen=True, kw_only=True):
    """An address that may be connected to, by these IP addresses and no others."""

    url: WebUrl
    ips: tuple[str, ...]
    """Best first, at least one."""

    @property
    def host(self) -> str:
        """The name, for the Host header and for TLS."""
        return self.url.host

    @property
    def port(self) -> int:
        """The port to connect to."""
        return self.url.port

    @property
    def ip(self) -> str:
        """The address to connect to first."""
        return self.ips[0]


class _Allowed(msgspec.Struct, frozen=True):
    what: str | Network
    port: int | None

    def covers(self, what: str | Address, port: int) -> bool:
        if self.port not in (None, port):
            return False
        if isinstance(self.what, str) or isinstance(what, str):
            return self.what == what
        return what in self.what


async def resolve_by_system(host: str, port: int) -> Sequence[str]:
    """The addresses that the operating system gives for `host`, in the order of RFC 6724."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class AddressGuard:
    """Checks addresses from outside. `allowed`: what the operator opens although it is not public.

    An entry is a host name, an IP address or a network (CIDR), each with `:port` or for every port: `files.lan`,
    `10.1.2.3:8080`, `10.1.0.0/16`, `[fd00::1]:80`. A name is believed wherever it leads.
    Raises `ConfigurationError` for an entry that is none of these.
    """

    def __init__(self, allowed: Sequence[str] = (), resolve: Resolve = resolve_by_system) -> None:
        self._allowed = tuple(_allowed(entry) for entry in allowed)
        self._resolve = resolve

    def check_literal(self, url: str) -> WebUrl:
        """The part of `check` that needs no look-up, for the moment when a request is accepted.

        Refuses what is not http(s), credentials, local names and addresses that are not public, in any spelling.
        A name that does not exist passes. Raises `AddressRefused`.
        """
        target = parse_url(url)
        if target.ip is not None:
            self._admit(target, [target.ip])
        elif target.is_localhost and not self._is_allowed(target.host, target.port):
            raise AddressRefused(_REFUSED)
        return target

    async def check(self, url: str) -> CheckedAddress:
        """Look the host up, once, and check every address that it has.

        Raises `AddressRefused`; its message is the same for a name that does not exist (or not at this moment) and
        for one that leads inside.
        """
        target = self.check_literal(url)
        if target.ip is not None:
            return CheckedAddress(url=target, ips=(target.ip,))
        try:
            found = await self._resolve(target.host, target.port)
        except (OSError, UnicodeError) as error:
            raise AddressRefused(_REFUSED) from error
        return CheckedAddress(url=target, ips=self._admit(target, found))

    async def vet(self, url: str, seconds: float = 3.0) -> None:
        """`check` for the moment when a request is accepted: a name that cannot be looked up (yet) passes.

        Raises `AddressRefused`. Whoever goes to the address checks it again.
        """
        target = self.check_literal(url)
        if target.ip is not None:
            return
        try:
            async with asyncio.timeout(seconds):
                found = await self._resolve(target.host, target.port)
        except (OSError, UnicodeError):
            return
        self._admit(target, found)

    def _admit(self, target: WebUrl, found: Sequence[str]) -> tuple[str, ...]:
        ips = [plain(ip_address(text)) for text in found]
        if not ips:
            raise AddressRefused(_REFUSED)
        if not self._is_allowed(target.host, target.port):
            for ip in ips:
                if not is_public(ip) and not self._is_allowed(ip, target.port):
                    raise AddressRefused(_REFUSED)
        return tuple(str(ip) for ip in ips)

    def _is_allowed(self, what: str | Address, port: int) -> bool:
        return any(each.covers(what, port) for each in self._allowed)


def _allowed(entry: str) -> _Allowed:
    parts = _ENTRY.fullmatch(entry.strip().lower())
    wrong = (
        f"allowed address {entry!r}: give a host name, an IP address or a network, each with :port or without"
    )
    port = int(parts[2]) if parts and parts[2] else None
    if parts is None or (port is not None and not 0 < port < 65536):
        raise ConfigurationError(wrong)
    what = re.sub(r"[\[\]]", "", parts[1])
    try:
        return _Allowed(ip_network(what), port)
    except ValueError:
        pass  # so it is a name, or a mistake such as 10.0.0.1/8
    try:
        url = parse_url(f"http://{what}")
    except AddressRefused as error:
        raise ConfigurationError(wrong) from error
    if url.target != "/":
        raise ConfigurationError(wrong)
    return _Allowed(url.host, port)
