from collections.abc import Sequence
from pathlib import Path

import pytest
from PIL import Image

from tests.files.clips import clip
from tests.files.web import response, served
from understudy.errors import AddressRefused, FetchFailed, MediaRefused
from understudy.files.address import AddressGuard
from understudy.files.intake import Intake
from understudy.files.outbound import Outbound
from understudy.files.sniff import EVERYTHING
from understudy.files.storage import open_storage


async def nowhere(host: str, port: int) -> Sequence[str]:
    raise OSError("no names in this test")


def intake(*allowed: str, **limits: int) -> Intake:
    return Intake(Outbound(AddressGuard(allowed, resolve=nowhere)), **limits)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    folder.mkdir()
    return folder


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    Image.new("RGBA", (60, 40), (255, 0, 0, 128)).save(tmp_path / "upload", "PNG")
    return tmp_path / "upload"


async def test_from_a_file(picture: Path, folder: Path) -> None:
    prepared = await intake().from_file(picture, "../My Photo.JPG", folder)
    assert (prepared.content_type, prepared.name) == ("image/png", "My Photo.png")
    assert (prepared.original, prepared.size) == (picture, picture.stat().st_size)
    assert prepared.path.parent == folder
    with Image.open(prepared.path) as image:
        assert (image.mode, image.size) == ("RGB", (60, 40))


async def test_from_an_address(picture: Path, folder: Path) -> None:
    async with served() as web:
        web.answers["/a/koala.webp?x=1"] = response(picture.read_bytes())
        prepared = await intake(f"127.0.0.1:{web.port}").from_url(
            f"http://127.0.0.1:{web.port}/a/koala.webp?x=1", folder
        )
    assert (prepared.content_type, prepared.name) == ("image/png", "koala.png")
    assert prepared.original.parent == folder
    assert prepared.original.suffix == ".png"
    assert prepared.original.read_bytes() == picture.read_bytes()
    assert prepared.path != prepared.original


async def test_what_an_address_may_do_wrong(folder: Path, picture: Path) -> None:
    async with served() as web:
        url = f"http://127.0.0.1:{web.port}/"
        with pytest.raises(AddressRefused):
            await intake().from_url(url, folder)
        with pytest.raises(FetchFailed, match="404"):
            await intake(f"127.0.0.1:{web.port}").from_url(url, folder)
        web.answers["/"] = response(picture.read_bytes())
        with pytest.raises(FetchFailed, match="larger"):
            await intake(f"127.0.0.1:{web.port}", max_bytes=50).from_url(url, folder)
        web.answers["/"] = response(picture.read_bytes()[:60])
        with pytest.raises(MediaRefused, match="damaged"):
            await intake(f"127.0.0.1:{web.port}").from_url(url, folder)


@pytest.mark.parametrize("address", ["folder", "memory:///"])
async def test_from_storage(tmp_path: Path, folder: Path, picture: Path, address: str) -> None:
    storage = open_storage(tmp_path / "storage" if address == "folder" else address)
    await storage.put("uploads/1", picture)
    prepared = await intake().from_storage(storage, "uploads/1", "photo.png", folder)
    assert prepared.original.read_bytes() == picture.read_bytes()
    assert prepared.path.parent == folder
    assert prepared.name == "photo.png"


async def test_limits_hold_for_uploads(picture: Path, folder: Path) -> None:
    with pytest.raises(MediaRefused, match="larger than the limit of 50 bytes"):
        await intake(max_bytes=50).from_file(picture, "x.png", folder)
    with pytest.raises(MediaRefused, match="at most 2,399"):
        await intake(max_pixels=2399).from_file(picture, "x.png", folder)
    with pytest.raises(MediaRefused, match="at most 2,399"):
        await intake(max_pixels=2399).check(picture, "x.png")


async def test_checking_writes_nothing(tmp_path: Path, picture: Path) -> None:
    before = set(tmp_path.rglob("*"))
    prepared = await intake().check(picture, "x.gif")
    assert (prepared.path, prepared.name) == (picture, "x.png")
    assert set(tmp_path.rglob("*")) == before


async def test_clips_where_they_are_wanted(tmp_path: Path, folder: Path) -> None:
    path = clip(tmp_path / "x.mp4", seconds=0.3)
    prepared = await intake().from_file(path, "x", folder, EVERYTHING)
    assert (prepared.path, prepared.content_type, prepared.name) == (path, "video/mp4", "x.mp4")
    with pytest.raises(MediaRefused, match="only image"):
        await intake().from_file(path, "x", folder)
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(MediaRefused, match="damaged"):
        await intake().check(path, "x.mp4")
