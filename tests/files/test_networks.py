from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy.files.networks import is_public, plain

PUBLIC = [
    "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
    "128.0.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0",
    "223.255.255.255", "2606:4700::1111", "2a00:1450:4001::200e", "2001:4860:4860::8888", "64:ff9b::808:808",
    "::ffff:8.8.8.8",
]  # fmt: skip
INSIDE = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200", "127.0.0.1",
    "127.255.255.254", "168.63.129.16", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.192",
    "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1",
    "239.255.255.255", "240.0.0.1", "255.255.255.255", "::", "::1", "::127.0.0.1", "::8.8.8.8", "::ffff:127.0.0.1",
    "::ffff:10.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::808:808", "100::1", "2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:2::1", "2001:db8::1",
    "2002:7f00:1::", "2002:a00:1::1", "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fd20:ce::254", "fe80::1",
    "fe80::1%eth0", "fec0::1", "ff02::1", "2606:4700::5efe:10.0.0.1", "2606:4700::200:5efe:192.168.0.1",
]  # fmt: skip


@pytest.mark.parametrize("text", PUBLIC)
def test_of_the_internet(text: str) -> None:
    assert is_public(ip_address(text))


@pytest.mark.parametrize("text", INSIDE)
def test_not_of_the_internet(text: str) -> None:
    assert not is_public(ip_address(text))


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_carrying_an_ipv4_address_in_ipv6_changes_nothing(number: int) -> None:
    inner = is_public(IPv4Address(number))
    assert is_public(IPv6Address(0xFFFF_0000_0000 | number)) == inner
    assert is_public(IPv6Address((0x0064_FF9B << 96) | number)) == inner
    assert is_public(IPv6Address((0x2606_4700 << 96) | (0x5EFE << 32) | number)) == inner


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_nothing_that_python_calls_private_counts_as_public(number: int) -> None:
    address = IPv4Address(number)
    if is_public(address):
        assert not address.is_private
        assert not address.is_multicast
        assert not address.is_reserved
        assert not address.is_link_local


def test_plain_drops_the_zone_and_the_mapping() -> None:
    assert plain(IPv6Address("fe80::1%eth0")) == IPv6Address("fe80::1")
    assert plain(IPv6Address("::ffff:1.2.3.4")) == IPv4Address("1.2.3.4")
