"""What somebody uploads can be read by its address, but never runs as a page there."""

import pytest

from tests.api.served import SORA, picture
from tests.web.visiting import House, Visitor
from understudy.tasks.file_records import new_file

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><html><script>alert(1)</script></html>"
GIF_AND_PAGE = b"GIF89a/*\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00" + HTML
CLIP_AND_PAGE = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + HTML


@pytest.fixture
async def maker(house: House) -> Visitor:
    return await house.maker(house.served.owner.project.id)


def assert_no_page(headers: "dict[str, str] | object") -> None:
    said = dict(headers)  # type: ignore[call-overload]
    assert said["x-content-type-options"] == "nosniff"
    policy = said["content-security-policy"]
    assert policy.startswith("sandbox; default-src 'none'")
    assert "allow-" not in policy
    assert said["content-type"].startswith(("image/", "video/", "audio/", "application/octet-stream"))
    assert "svg" not in said["content-type"]


@pytest.mark.parametrize(
    "content", [SVG, HTML, b"\xef\xbb\xbf" + HTML, b"  \n" + SVG, b"<?xml version='1.0'?>" + SVG]
)
@pytest.mark.parametrize("name", ["a.svg", "a.html", "a.png", "a.jpg.html"])
@pytest.mark.parametrize("type", ["image/svg+xml", "text/html", "image/png"])
async def test_pages_are_refused(maker: Visitor, content: bytes, name: str, type: str) -> None:
    file = (name, content, type)
    for answer in (
        await maker.ask("/v1/File/Upload", files={"file": file}),
        await maker.ask(SORA, data={"prompt": "x"}, files={"inputImage": file}),
    ):
        assert answer.json()["result"] is False
        assert answer.headers["content-type"].startswith("application/json")


@pytest.mark.parametrize("content", [picture(), GIF_AND_PAGE, CLIP_AND_PAGE])
@pytest.mark.parametrize(
    "type", ["text/html", "image/svg+xml", "text/html; charset=utf-7", "image/png\r\nx: y"]
)
async def test_a_type_is_found_in_the_content(maker: Visitor, content: bytes, type: str) -> None:
    answer = await maker.ask("/v1/File/Upload", files={"file": ("page.html", content, type)})
    if not answer.json()["result"]:
        return  # no picture, so it is not kept at all
    (kept,) = answer.json()["list"]
    assert not kept["name"].endswith((".html", ".svg"))
    assert_no_page((await maker.get(kept["url"])).headers)


@pytest.mark.parametrize(
    "type", ["text/html", "image/svg+xml", "application/xhtml+xml", "text/xml", "text/javascript"]
)
async def test_even_a_record_that_says_so_is_no_page(house: House, maker: Visitor, type: str) -> None:
    file = new_file("input", project=1, name="page.html", content_type=type, size=len(HTML), at=1.0)
    await house.served.parts.storage.put_bytes(file.key, HTML)
    await house.served.parts.store.add_file(file)
    answer = await maker.get(file.path)
    assert (answer.status_code, answer.content) == (200, HTML)
    assert_no_page(answer.headers)
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment;")
