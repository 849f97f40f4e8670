"""Which IP addresses are of the public internet, and which the server must not be talked into reaching. Pure.

Source: IANA's special-purpose address registries for IPv4 and IPv6 (RFC 6890 and its updates), spelled out here
because `ipaddress.is_global` has changed its answers between Python releases.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NOT_PUBLIC_4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network; 0.0.0.0 reaches the machine itself on Linux
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT, and one cloud's metadata at 100.100.100.200
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # Azure's host services: a public number, but always the machine's own host
        "169.254.0.0/16",  # link-local, and most clouds' metadata at 169.254.169.254
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # IETF protocol assignments, and one cloud's metadata at 192.0.0.192
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # automatic multicast tunnelling
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarking
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)

# Only this part of IPv6 is handed out for the internet: loopback, link-local, unique local (and with it fd00:ec2::254,
# a cloud's metadata), multicast, IPv4-compatible and everything unassigned lie outside.
_PUBLIC_6 = IPv6Network("2000::/3")
_NOT_PUBLIC_6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # IETF protocol assignments: Teredo, benchmarking, ORCHID
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4, which carries any IPv4 address
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")
# Interface identifiers that carry an IPv4 address, RFC 5214, 6.1.
_ISATAP = (0x0000_5EFE, 0x0200_5EFE)


def plain(address: Address) -> Address:
    """`address` without a zone, and as IPv4 if it is IPv4 written as IPv6 (`::ffff:a.b.c.d`)."""
    if isinstance(address, IPv4Address):
        return address
    return address.ipv4_mapped or IPv6Address(int(address))


def is_public(address: Address) -> bool:
    """Whether `address`, and the IPv4 address that it may carry inside, is of the public internet."""
    address = plain(address)
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC_4)
    low = int(address) & 0xFFFF_FFFF
    if address in _NAT64:
        # What a network without IPv4 answers for every IPv4-only name, RFC 6052.
        return is_public(IPv4Address(low))
    if address not in _PUBLIC_6 or any(address in network for network in _NOT_PUBLIC_6):
        return False
    return (int(address) >> 32) & 0xFFFF_FFFF not in _ISATAP or is_public(IPv4Address(low))
