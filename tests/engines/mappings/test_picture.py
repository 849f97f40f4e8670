"""Fitting, pixel by pixel: what is seen afterwards is exactly the middle of what was there."""

import io
import math
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from understudy.engines.mappings.picture import Picture, covering, fitted
from understudy.errors import EngineInputError

Pixels = NDArray[np.uint8]


def noise(width: int, height: int) -> Pixels:
    return np.random.default_rng(7).integers(0, 256, (height, width, 3), dtype=np.uint8)


def saved(pixels: Pixels, folder: Path, name: str = "a.png", **how: object) -> str:
    Image.fromarray(pixels).save(folder / name, **how)  # type: ignore[arg-type]
    return str(folder / name)


def pixels_of(picture: Picture) -> Pixels:
    with Image.open(io.BytesIO(picture.data)) as image:
        assert image.mode == "RGB"
        assert f"image/{(image.format or '').lower()}" == picture.content_type
        return np.asarray(image)


@pytest.mark.parametrize("size", [(1280, 720), (720, 1280), (1920, 1080), (1792, 1024), (64, 64)])
@pytest.mark.parametrize("shape", [(1280, 720), (333, 777), (777, 333), (1, 1), (3000, 50), (50, 3000)])
def test_the_size_is_exact_whatever_came(
    size: tuple[int, int], shape: tuple[int, int], tmp_path: Path
) -> None:
    made = fitted(saved(noise(*shape), tmp_path), size)
    assert pixels_of(made).shape == (size[1], size[0], 3)


def test_a_picture_of_the_size_keeps_every_pixel(tmp_path: Path) -> None:
    pixels = noise(320, 180)
    assert np.array_equal(pixels_of(fitted(saved(pixels, tmp_path), (320, 180))), pixels)


@pytest.mark.parametrize(
    ("shape", "rows", "columns"),
    [
        # Too wide, too high: the same number of pixels goes on both sides, and those that stay are untouched.
        ((400, 180), slice(None), slice(40, 360)),
        ((320, 300), slice(60, 240), slice(None)),
    ],
)
def test_only_what_sticks_out_is_cut(
    shape: tuple[int, int], rows: slice, columns: slice, tmp_path: Path
) -> None:
    pixels = noise(*shape)
    made = pixels_of(fitted(saved(pixels, tmp_path), (320, 180)))
    assert np.array_equal(made, pixels[rows, columns])


@pytest.mark.parametrize("shape", [(640, 361), (457, 360), (1001, 999), (200, 300)])
@pytest.mark.parametrize("size", [(320, 180), (180, 320)])
def test_scaling_is_the_same_in_both_directions_and_about_the_middle(
    shape: tuple[int, int], size: tuple[int, int], tmp_path: Path
) -> None:
    """A picture whose red is its x and whose green is its y: every pixel tells where it came from."""
    width, height = shape
    x, y = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    pixels = np.rint(np.stack([x, y, np.zeros_like(x)], axis=2)).astype(np.uint8)
    made = pixels_of(fitted(saved(pixels, tmp_path), size)).astype(float)

    scale = max(size[0] / width, size[1] / height)
    for channel, (length, out, axis) in enumerate([(width, size[0], 1), (height, size[1], 0)]):
        # The centre of pixel i of the result lies here in the original.
        position = (np.arange(out) + 0.5 - out / 2) / scale + length / 2 - 0.5
        expected = np.clip(position, 0, length - 1) * 255 / (length - 1)
        found = made[:, :, channel].mean(axis=1 - axis)
        # Away from the edges, where the filter has less to go by; rounding to whole values twice.
        assert np.abs(found - expected)[3:-3].max() < 1.0
        assert made[:, :, channel].std(axis=1 - axis).max() < 1.0


@pytest.mark.parametrize("shape", [(640, 361), (1, 1), (7, 5000), (1280, 720)])
@pytest.mark.parametrize("size", [(1280, 720), (1080, 1920)])
def test_the_part_that_stays(shape: tuple[int, int], size: tuple[int, int]) -> None:
    left, top, right, bottom = covering(shape, size)
    assert 0 <= left < right <= shape[0] + 1e-9
    assert 0 <= top < bottom <= shape[1] + 1e-9
    assert math.isclose((right - left) / (bottom - top), size[0] / size[1])
    assert math.isclose(left, shape[0] - right, abs_tol=1e-9)
    assert math.isclose(top, shape[1] - bottom, abs_tol=1e-9)
    assert math.isclose(left, 0, abs_tol=1e-9) or math.isclose(top, 0, abs_tol=1e-9), "no more than needed"


def test_a_sideways_photo_is_turned_first(tmp_path: Path) -> None:
    pixels = noise(180, 320)
    exif = Image.Exif()
    exif[0x0112] = 6
    path = saved(np.rot90(pixels), tmp_path, exif=exif)
    made = pixels_of(fitted(path, (180, 320)))
    assert np.array_equal(made, pixels)


def test_what_is_transparent_becomes_white(tmp_path: Path) -> None:
    pixels = np.zeros((90, 160, 4), np.uint8)
    pixels[:, 80:] = (255, 0, 0, 255)
    made = pixels_of(fitted(saved(pixels, tmp_path), (160, 90)))
    assert (made[:, :80] == 255).all()
    assert (made[:, 80:] == (255, 0, 0)).all()


@pytest.mark.parametrize("mode", ["L", "P", "1", "CMYK", "I;16"])
def test_any_kind_of_picture_becomes_rgb(mode: str, tmp_path: Path) -> None:
    name = "a.jpg" if mode == "CMYK" else "a.png"
    Image.new(mode, (64, 36)).save(tmp_path / name)
    assert pixels_of(fitted(str(tmp_path / name), (32, 18))).shape == (18, 32, 3)


def test_what_would_be_large_as_png_is_a_jpeg(tmp_path: Path) -> None:
    smooth = np.rint(np.linspace(0, 255, 320 * 180 * 3)).astype(np.uint8).reshape(180, 320, 3)
    path = saved(smooth, tmp_path)
    png = fitted(path, (320, 180))
    jpeg = fitted(path, (320, 180), png_up_to=len(png.data) - 1)
    assert (png.content_type, png.name) == ("image/png", "picture.png")
    assert (jpeg.content_type, jpeg.name) == ("image/jpeg", "picture.jpg")
    assert np.abs(pixels_of(jpeg).astype(int) - smooth).mean() < 2
    assert fitted(path, (320, 180), png_up_to=len(png.data)) == png


def test_the_bytes_are_the_same_every_time_and_say_nothing_of_the_original(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E] = "at home"
    path = saved(noise(100, 100), tmp_path, exif=exif)
    assert fitted(path, (64, 36)) == fitted(path, (64, 36))
    assert b"at home" not in fitted(path, (64, 36)).data


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"<svg/>", b"\x89PNG\r\n\x1a\n" + b"\0" * 50])
def test_no_picture(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(EngineInputError, match="JPEG, PNG or WebP"):
        fitted(str(tmp_path / "a.png"), (64, 36))
    with pytest.raises(EngineInputError):
        fitted(str(tmp_path / "gone.png"), (64, 36))
