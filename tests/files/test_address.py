import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy.errors import AddressRefused, ConfigurationError
from understudy.files.address import AddressGuard, resolve_by_system


class Names:
    """A resolver over a table; counts what it is asked."""

    def __init__(self, **answers: Sequence[str]) -> None:
        self.answers = {name.replace("_", "."): list(ips) for name, ips in answers.items()}
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        if host not in self.answers:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return self.answers[host]


async def test_a_public_name_is_looked_up_once() -> None:
    names = Names(files_example=["93.184.215.14", "2606:4700::1111"])
    checked = await AddressGuard(resolve=names).check("https://Files.Example/a?b")
    assert (checked.host, checked.port, checked.ip) == ("files.example", 443, "93.184.215.14")
    assert checked.ips == ("93.184.215.14", "2606:4700::1111")
    assert names.asked == ["files.example"]


async def test_an_address_in_numbers_is_not_looked_up() -> None:
    names = Names()
    checked = await AddressGuard(resolve=names).check("http://[2606:4700::1111]/")
    assert checked.ips == ("2606:4700::1111",)
    assert names.asked == []


@pytest.mark.parametrize(
    "ips",
    [
        ["127.0.0.1"],
        ["10.0.0.1"],
        ["93.184.215.14", "10.0.0.1"],
        ["::1"],
        ["fe80::1%eth0"],
        ["::ffff:10.0.0.1"],
        [],
    ],
)
async def test_every_address_of_a_name_must_be_public(ips: list[str]) -> None:
    with pytest.raises(AddressRefused):
        await AddressGuard(resolve=Names(files_example=ips)).check("http://files.example/")


async def test_the_refusal_tells_nothing_of_names_inside() -> None:
    guard = AddressGuard(resolve=Names(db_internal=["10.1.2.3"]))
    messages = set()
    for host in ("db.internal", "missing.internal", "10.1.2.3", "localhost"):
        with pytest.raises(AddressRefused) as refused:
            await guard.check(f"http://{host}/")
        messages.add(str(refused.value))
    assert len(messages) == 1
    assert "10.1" not in messages.pop()


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST", "localhost.", "a.localhost", "ｌｏｃａｌｈｏｓｔ", "ⓛocalhost"]
)
def test_local_names_are_refused_without_a_look_up(host: str) -> None:
    with pytest.raises(AddressRefused):
        AddressGuard().check_literal(f"http://{host}/")


def test_at_request_time_a_name_that_does_not_exist_passes() -> None:
    assert (
        AddressGuard(resolve=Names()).check_literal("http://not.there.example/").host == "not.there.example"
    )


INSIDE_4 = ["127.0.0.1", "10.1.2.3", "169.254.169.254", "192.168.0.1", "172.16.5.4", "100.64.0.1", "0.0.0.0"]


@st.composite
def spellings(draw: st.DrawFn) -> str:
    """One of the many ways in which programs let an IPv4 address be written."""
    number = int(IPv4Address(draw(st.sampled_from(INSIDE_4))))
    count = draw(st.integers(1, 4))
    parts = [(number >> (24 - 8 * i)) & 0xFF for i in range(count - 1)]
    parts.append(number & ((1 << (8 * (5 - count))) - 1))
    texts = []
    for part in parts:
        zeros = "0" * draw(st.integers(0, 3))
        write = draw(st.sampled_from(["{:d}", "0{}{:o}", "0x{}{:x}", "0X{}{:X}", "{}{:d}"]))
        texts.append(write.format(part) if write == "{:d}" else write.format(zeros, part))
    text = ".".join(texts)
    if draw(st.booleans()):
        text = "".join(chr(ord(c) + 0xFEE0) if c.isdigit() and draw(st.booleans()) else c for c in text)
    return text.replace(".", draw(st.sampled_from([".", "。", "．", "｡", "%2e"]))) + draw(
        st.sampled_from(["", "."])
    )


@st.composite
def spellings_in_ipv6(draw: st.DrawFn) -> str:
    number = int(IPv4Address(draw(st.sampled_from(INSIDE_4))))
    prefix = draw(
        st.sampled_from([0, 0xFFFF << 32, 0x64FF9B << 96, 0xFFFF << 48, (0x26064700 << 96) | (0x5EFE << 32)])
    )
    address = IPv6Address(prefix | number)
    if draw(st.booleans()):
        address = IPv6Address((0x2002 << 112) | (number << 80) | draw(st.integers(0, 2**80 - 1)))
    text = draw(st.sampled_from([str(address), address.exploded, address.exploded.upper()]))
    return f"[{text}]"


@settings(deadline=None)
@given(
    host=spellings() | spellings_in_ipv6(),
    before=st.sampled_from(
        ["http://", "https://", "HTTP://", "http://user@", "http://files.example@", "http:\\\\", "//"]
    ),
    after=st.sampled_from(
        ["", "/", ":80/", ":65535/", "?x", "#@files.example/", "\\@files.example/", "/@files.example"]
    ),
)
def test_no_spelling_of_an_address_inside_gets_through(host: str, before: str, after: str) -> None:
    with pytest.raises(AddressRefused):
        AddressGuard().check_literal(before + host + after)


@settings(deadline=None)
@given(st.sampled_from(INSIDE_4), st.integers(1, 65535))
def test_what_the_operator_lists_gets_through(ip: str, port: int) -> None:
    url = f"http://{ip}:{port}/"
    other = port % 65535 + 1
    assert AddressGuard([ip]).check_literal(url).ip == ip
    assert AddressGuard([f"{ip}/32"]).check_literal(url).ip == ip
    assert AddressGuard(["0.0.0.0/0"]).check_literal(url).ip == ip
    assert AddressGuard([f"{ip}:{port}"]).check_literal(url).ip == ip
    with pytest.raises(AddressRefused):
        AddressGuard([f"{ip}:{other}"]).check_literal(url)
    with pytest.raises(AddressRefused):
        AddressGuard(["192.0.2.77", "fd00::/8"]).check_literal(url)


async def test_a_listed_name_is_believed_wherever_it_leads() -> None:
    names = Names(files_lan=["10.0.0.7"], other_lan=["10.0.0.7"], localhost=["127.0.0.1"])
    guard = AddressGuard(["Files.LAN:8080", "localhost"], resolve=names)
    assert (await guard.check("http://files.lan:8080/")).ip == "10.0.0.7"
    assert (await guard.check("http://localhost:1/")).ip == "127.0.0.1"
    for url in (
        "http://files.lan/",
        "http://other.lan:8080/",
        "http://10.0.0.7:8080/",
        "http://a.files.lan:8080/",
    ):
        with pytest.raises(AddressRefused):
            await guard.check(url)


async def test_a_name_may_lead_into_a_listed_network() -> None:
    names = Names(files_lan=["10.0.0.7", "fd00::7"], half_lan=["10.0.0.7", "192.168.0.7"])
    guard = AddressGuard(["10.0.0.0/8", "[fd00::7]:80"], resolve=names)
    assert (await guard.check("http://files.lan/")).ips == ("10.0.0.7", "fd00::7")
    for url in ("http://half.lan/", "http://files.lan:81/"):
        with pytest.raises(AddressRefused):
            await guard.check(url)
    assert AddressGuard(["::1"]).check_literal("http://[::1]:9/").ip == "::1"
    assert AddressGuard(["127.0.0.1"]).check_literal("http://[::ffff:127.0.0.1]/").ip == "127.0.0.1"


@pytest.mark.parametrize(
    "entry",
    [
        "",
        "10.0.0.1/8",
        "10.0.0.0/33",
        "a b",
        "http://files.lan",
        "files.lan/x",
        "a:b:c",
        "x:99999",
        "x:0",
        "[::1",
    ],
)
def test_a_wrong_entry_is_named(entry: str) -> None:
    with pytest.raises(ConfigurationError, match="allowed address"):
        AddressGuard([entry])


async def test_the_system_knows_this_machine() -> None:
    assert set(await resolve_by_system("localhost", 80)) <= {"127.0.0.1", "::1"}
