import pytest

from understudy.client.records import Output
from understudy.client.transfer import safe_name


@pytest.mark.parametrize(
    ("name", "url", "expected"),
    [
        ("clip.mp4", "http://a/b.mp4", "clip.mp4"),
        ("", "http://a/v1/File/key/b%20c.mp4?x=1", "b c.mp4"),
        ("../../etc/passwd", "", "passwd"),
        ("..\\..\\boot.ini", "", "boot.ini"),
        (".bashrc", "", "bashrc"),
        ("a\n\x00b", "", "ab"),
        ("..", "", "output"),
        ("", "http://a/", "output"),
    ],
)
def test_a_name_from_the_server_cannot_leave_the_folder(name: str, url: str, expected: str) -> None:
    assert safe_name(Output(id="", name=name, content_type="", size=0, url=url)) == expected
