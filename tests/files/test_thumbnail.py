import io
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image

from tests.files.clips import clip, tone
from understudy.errors import MediaRefused
from understudy.files.probe import probe
from understudy.files.thumbnail import probe_with_thumbnail, thumbnail


def made(path: Path, folder: Path, width: int = 640) -> Image.Image:
    to = folder / "thumbnail.jpg"
    thumbnail(path, to, width)
    with Image.open(io.BytesIO(to.read_bytes())) as image:
        assert image.format == "JPEG"
        image.load()
        return image


def is_orange(image: Image.Image) -> bool:
    pixel = image.getpixel((image.width // 2, image.height // 2))
    assert isinstance(pixel, tuple)
    return all(abs(a - b) < 30 for a, b in zip(pixel, (255, 128, 0), strict=True))


def test_a_clip_is_made_small(tmp_path: Path) -> None:
    image = made(clip(tmp_path / "x.mp4", size=(320, 180)), tmp_path, width=160)
    assert image.size == (160, 90)
    assert is_orange(image)


def test_nothing_is_enlarged(tmp_path: Path) -> None:
    assert made(clip(tmp_path / "x.mp4"), tmp_path).size == (128, 96)


@pytest.mark.parametrize("black_until", [0.0, 0.05, 0.5, 1.0])
def test_the_frame_shows_something(tmp_path: Path, black_until: float) -> None:
    assert is_orange(made(clip(tmp_path / "x.mp4", seconds=2, black_until=black_until, sound=""), tmp_path))


def test_a_black_clip_has_a_black_thumbnail(tmp_path: Path) -> None:
    image = made(clip(tmp_path / "x.mp4", black_until=9), tmp_path)
    assert image.getextrema() == ((0, 0), (0, 0), (0, 0))


def test_webm(tmp_path: Path) -> None:
    assert is_orange(made(clip(tmp_path / "x.webm", codec="libvpx", sound=""), tmp_path))


def test_a_clip_is_turned_upright(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "x.mp4"), "w") as container:
        video = container.add_stream("libx264", rate=24, width=128, height=64, pix_fmt="yuv420p")
        video.set_display_rotation(-90)  # held so that the left side is up
        image = Image.new("RGB", (128, 64))
        image.paste((255, 128, 0), (0, 0, 64, 64))
        container.mux(video.encode(av.VideoFrame.from_image(image)))
        container.mux(video.encode())
    turned = made(tmp_path / "x.mp4", tmp_path)
    assert turned.size == (64, 128)
    assert is_orange(turned.crop((0, 0, 64, 60)))
    assert not is_orange(turned.crop((0, 70, 64, 128)))


def test_a_picture_is_turned_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (800, 400), (255, 128, 0)).save(tmp_path / "x.jpg", exif=exif)
    image = made(tmp_path / "x.jpg", tmp_path, width=200)
    assert image.size == (200, 400)
    assert is_orange(image)
    assert {path.name for path in tmp_path.iterdir()} == {"x.jpg", "thumbnail.jpg"}


def test_sound_has_nothing_to_see(tmp_path: Path) -> None:
    for path in (tone(tmp_path / "x.wav", "pcm_s16le"), tone(tmp_path / "x.mp4", "aac")):
        with pytest.raises(MediaRefused):
            thumbnail(path, tmp_path / "thumbnail.jpg")


def test_a_clip_is_turned_upright_and_made_small(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "x.mp4"), "w") as container:
        video = container.add_stream("libx264", rate=24, width=320, height=160, pix_fmt="yuv420p")
        video.set_display_rotation(-90)
        image = Image.new("RGB", (320, 160))
        image.paste((255, 128, 0), (0, 0, 160, 160))
        container.mux(video.encode(av.VideoFrame.from_image(image)))
        container.mux(video.encode())
    small = made(tmp_path / "x.mp4", tmp_path, width=80)
    assert small.size == (80, 160)
    assert is_orange(small.crop((0, 0, 80, 70)))
    assert not is_orange(small.crop((0, 90, 80, 160)))


@pytest.mark.parametrize("name", ["x.mp4", "x.png"])
def test_probed_in_the_same_go(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name.endswith("png"):
        Image.new("RGB", (800, 400), (255, 128, 0)).save(path)
    else:
        clip(path, size=(320, 180))
    thumbnail(path, tmp_path / "alone.jpg", 160)
    assert probe_with_thumbnail(path, tmp_path / "both.jpg", 160) == probe(path)
    assert (tmp_path / "both.jpg").read_bytes() == (tmp_path / "alone.jpg").read_bytes()


def test_a_clip_is_opened_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = clip(tmp_path / "x.mp4")
    opened = []
    av_open = av.open

    def counted(*given: Any, **more: Any) -> Any:
        opened.append(given)
        return av_open(*given, **more)

    monkeypatch.setattr(av, "open", counted)
    probe_with_thumbnail(path, tmp_path / "thumbnail.jpg")
    assert len(opened) == 1


def test_what_has_nothing_to_see_or_is_damaged_leaves_no_thumbnail(tmp_path: Path) -> None:
    whole = clip(tmp_path / "x.mp4")
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 3])
    for path in (tone(tmp_path / "x.wav", "pcm_s16le"), tone(tmp_path / "sound.mp4", "aac"), cut):
        with pytest.raises(MediaRefused):
            probe_with_thumbnail(path, tmp_path / "thumbnail.jpg")
        assert not (tmp_path / "thumbnail.jpg").exists()
