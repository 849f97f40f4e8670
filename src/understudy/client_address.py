"""Where a request comes from, through proxies that are believed, and whether that is allowed. Pure."""

import ipaddress
from collections.abc import Iterable, Sequence

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def networks(entries: Iterable[str]) -> tuple[Network, ...]:
    """Addresses and networks as networks. Raises ValueError."""
    return tuple(ipaddress.ip_network(entry, strict=False) for entry in entries)


def client_address(peer: str, forwarded: Sequence[str], trusted: Sequence[Network]) -> str:
    """The address nearest to us that is not a trusted proxy's.

    `forwarded`: the values of all X-Forwarded-For fields, in order. Each proxy appends whom it heard, so the list
    is read from its end, and only as far as trusted proxies vouch for it; the rest anybody could have written.
    """
    hops = [hop.strip() for line in forwarded for hop in line.split(",")]
    address = peer
    while hops and within(address, trusted):
        address = hops.pop()
    return _plain(address)


def within(address: str, allowed: Iterable[Network]) -> bool:
    """Whether the address is in one of the networks; what is no address is in none."""
    parsed = _parse(address)
    return parsed is not None and any(parsed in network for network in allowed)


def _plain(address: str) -> str:
    parsed = _parse(address)
    return str(parsed) if parsed is not None else "unknown"


def _parse(address: str) -> Address | None:
    # Proxies write ports, and brackets around IPv6: 203.0.113.7:4711, [2001:db8::1]:4711.
    if address.startswith("["):
        address = address[1:].partition("]")[0]
    elif address.count(":") == 1:
        address = address.partition(":")[0]
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None
    return getattr(parsed, "ipv4_mapped", None) or parsed
