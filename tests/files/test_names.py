import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy.files.names import LONGEST, safe_name
from understudy.files.sniff import TYPES


@pytest.mark.parametrize(
    ("name", "content_type", "expected"),
    [
        ("photo.jpg", "image/jpeg", "photo.jpg"),
        ("photo.JPEG", "image/jpeg", "photo.jpeg"),
        ("photo.png", "image/jpeg", "photo.jpg"),
        ("photo.jpg.html", "image/jpeg", "photo.jpg"),
        ("page.html", "image/png", "page.png"),
        ("v1.2", "image/png", "v1.2.png"),
        ("../../etc/passwd", "image/png", "passwd.png"),
        ("C:\\Users\\me\\a b.png", "image/png", "a b.png"),
        ("a／b.png", "image/png", "b.png"),
        (".htaccess", "image/png", "htaccess.png"),
        ("...", "video/mp4", "file.mp4"),
        ("", "video/mp4", "file.mp4"),
        ("a\x00b\r\nc.mp4", "video/mp4", "ab c.mp4"),
        ("gpj\u202etxt.png", "image/png", "gpjtxt.png"),
        ('a"b<c>?.png', "image/png", "a-b-c--.png"),
        ("Mädchen.webp", "image/webp", "Mädchen.webp"),
        ("Ma\u0308dchen.webp", "image/webp", "Mädchen.webp"),
        ("日本.jpg", "image/jpeg", "日本.jpg"),
        ("x" * 500 + ".png", "image/png", "x" * (LONGEST - 4) + ".png"),
        ("thing.exe", "application/x-what", "thing.bin"),
    ],
)
def test_a_name_becomes_harmless(name: str, content_type: str, expected: str) -> None:
    assert safe_name(name, content_type) == expected


@settings(deadline=None)
@given(name=st.text(max_size=200), content_type=st.sampled_from(sorted(TYPES)))
def test_every_name_becomes_harmless(name: str, content_type: str) -> None:
    safe = safe_name(name, content_type)
    assert safe == unicodedata.normalize("NFKC", safe)
    assert 0 < len(safe.encode()) <= LONGEST
    assert not safe.startswith((".", " "))
    assert not set(safe) & set('/\\<>:"|?*%#&;`$')
    assert all(unicodedata.category(c)[0] != "C" for c in safe)
    assert safe.endswith(TYPES[content_type].extensions)
    assert safe_name(safe, content_type) == safe
