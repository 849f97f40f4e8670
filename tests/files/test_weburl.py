import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy.errors import AddressRefused
from understudy.files.weburl import LONGEST, parse_url


@pytest.mark.parametrize(
    ("url", "scheme", "host", "port", "target", "authority"),
    [
        ("http://example.com", "http", "example.com", 80, "/", "example.com"),
        ("HTTPS://Example.COM:443/a?b#c", "https", "example.com", 443, "/a?b", "example.com"),
        ("https://example.com.:8443/a", "https", "example.com", 8443, "/a", "example.com:8443"),
        ("http://example.com?x=/y", "http", "example.com", 80, "/?x=/y", "example.com"),
        ("http://example.com#x", "http", "example.com", 80, "/", "example.com"),
        ("http://8.8.8.8:1/", "http", "8.8.8.8", 1, "/", "8.8.8.8:1"),
        ("http://[2606:4700::1111]:8080/x", "http", "2606:4700::1111", 8080, "/x", "[2606:4700::1111]:8080"),
        ("http://[::ffff:8.8.8.8]/", "http", "8.8.8.8", 80, "/", "8.8.8.8"),
        ("http://bücher.example/ü", "http", "xn--bcher-kva.example", 80, "/ü", "xn--bcher-kva.example"),
        ("http://example。com/", "http", "example.com", 80, "/", "example.com"),
        ("http://a_b.example:/", "http", "a_b.example", 80, "/", "a_b.example"),
    ],
)
def test_the_parts(url: str, scheme: str, host: str, port: int, target: str, authority: str) -> None:
    found = parse_url(url)
    assert (found.scheme, found.host, found.port, found.target) == (scheme, host, port, target)
    assert found.authority == authority


@pytest.mark.parametrize(
    "url",
    [
        "", "example.com", "//example.com", "ftp://example.com/", "file:///etc/passwd", "gopher://x/", "http:/x",
        "http:example.com", "http://", "http:///x", "http://:80/", "javascript:alert(1)", "data:image/png;base64,AA",
        "http://user@example.com/", "http://user:pw@example.com/", "http://example.com@127.0.0.1/",
        "http://example.com\\@127.0.0.1/", "http://127.0.0.1\\.example.com/", " http://example.com/",
        "http://exam ple.com/", "http://example.com/\n", "http://exa\tmple.com/", "http://example.com\x00.evil/",
        "http://example.com:99999/", "http://example.com:0/", "http://example.com:-1/", "http://example.com:80:80/",
        "http://example.com:８０/", "http://[::1", "http://::1/", "http://[::1]x/", "http://[fe80::1%25eth0]/",
        "http://[v1.x]/", "http://[1.2.3.4]/", "http://%31%32%37.0.0.1/", "http://a..b/", "http://.a/", "http://-a.b/",
        "http://" + "a" * 64 + ".com/", "http://a.com../", "http://a,b/", "http://a|b/", "http://a\u200bb.com/",
        "http://x/" + "a" * LONGEST,
    ],
)  # fmt: skip
def test_what_is_no_plain_address(url: str) -> None:
    with pytest.raises(AddressRefused, match=r"^The .*\.$"):
        parse_url(url)


@pytest.mark.parametrize(
    "host",
    ["2130706433", "0x7f000001", "0x7f.1", "127.1", "127.0.1", "0177.0.0.1", "017700000001", "0", "0x", "127.0.0.0x1",
     "127.0.0.01", "256.1.1.1", "1.2.3.4.5", "127.0.0.1.1", "①②⑦.1", "a.1", "08.8.8.8", "00000000177.0.0.1"],
)  # fmt: skip
def test_numbers_are_taken_in_one_spelling_only(host: str) -> None:
    with pytest.raises(AddressRefused, match="number"):
        parse_url(f"http://{host}/")


@settings(deadline=None)
@given(st.text(max_size=80))
def test_a_text_is_refused_or_has_a_host_and_a_port(text: str) -> None:
    try:
        found = parse_url("http://" + text)
    except AddressRefused:
        return
    assert found.host.isascii()
    assert found.host == found.host.lower()
    assert 0 < found.port < 65536
    assert found.target.startswith("/")
