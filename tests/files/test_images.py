import io
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from tests.files import pictures
from understudy.errors import MediaRefused
from understudy.files.images import ImageInfo, upright, verify_image

FORMATS = ["JPEG", "PNG", "WEBP", "GIF", "BMP", "AVIF"]


def scene(size: tuple[int, int] = (60, 40)) -> Image.Image:
    """Red in the upper left corner, blue elsewhere."""
    image = Image.new("RGB", size, (0, 0, 255))
    image.paste((255, 0, 0), (0, 0, size[0] // 3, size[1] // 3))
    return image


def encoded(image: Image.Image, codec: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, codec, **options)
    return buffer.getvalue()


def saved(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def near(pixel: object, wanted: tuple[int, int, int], by: int = 12) -> bool:
    assert isinstance(pixel, tuple)
    return all(abs(a - b) <= by for a, b in zip(pixel, wanted, strict=True))


@pytest.mark.parametrize("codec", FORMATS)
def test_each_format_is_verified(tmp_path: Path, codec: str) -> None:
    path = saved(tmp_path / "x", encoded(scene(), codec))
    assert verify_image(path) == ImageInfo(60, 40, f"image/{codec.lower()}")


@pytest.mark.parametrize("codec", FORMATS)
@pytest.mark.parametrize("part", [0.3, 0.6, 0.9])
def test_an_incomplete_picture_is_refused(tmp_path: Path, codec: str, part: float) -> None:
    content = encoded(Image.effect_noise((200, 200), 90).convert("RGB"), codec)
    path = saved(tmp_path / "x", content[: int(len(content) * part)])
    with pytest.raises(MediaRefused, match=r"damaged or incomplete"):
        verify_image(path)


def refused(path: Path, max_pixels: int = 50_000_000) -> str:
    with pytest.raises(MediaRefused) as failed:
        verify_image(path, max_pixels)
    with pytest.raises(MediaRefused):
        upright(path, path.parent, max_pixels)
    assert str(path) not in failed.value.message
    return failed.value.message


def test_pixels_are_bounded(tmp_path: Path) -> None:
    path = saved(tmp_path / "x", encoded(scene((101, 100)), "PNG"))
    assert verify_image(path, 10_100)
    assert "101 x 100 pixels; at most 10,099" in refused(path, 10_099)


@pytest.mark.parametrize(
    ("width", "height"), [(10_000, 9_000), (40_000, 40_000), (2**31 - 1, 2**31 - 1), (65_536, 1)]
)
def test_a_bomb_is_refused_by_its_header(tmp_path: Path, width: int, height: int) -> None:
    assert "pixels" in refused(saved(tmp_path / "x", pictures.png(width, height, rows=0)))


VERIFY = """
import sys
from pathlib import Path
from understudy.errors import MediaRefused
from understudy.files.images import verify_image

def peak() -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) // 1024

verify_image(Path(sys.argv[1]))
before = peak()
for path in sys.argv[2:]:
    try:
        verify_image(Path(path))
    except MediaRefused:
        print(peak() - before)
"""


@pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="only Linux tells the memory's high-water mark"
)
def test_bombs_do_not_go_off(tmp_path: Path) -> None:
    frame = encoded(Image.new("RGB", (8, 8)), "WEBP", lossless=True)
    text = pictures.chunk(b"zTXt", b"Comment\0\0" + pictures.zeros(100_000_000))
    profile = pictures.chunk(b"iCCP", b"icc\0\0" + pictures.zeros(100_000_000))
    bombs = [
        pictures.png(10_000, 9_000),
        pictures.webp(16_383, 16_383, frame),
        pictures.png(10, 10, extra=text),
        pictures.png(10, 10, extra=profile),
    ]
    for number, content in enumerate(bombs):
        saved(tmp_path / f"{number}", content)
    saved(tmp_path / "fine", encoded(scene(), "PNG"))
    names = ["fine", *map(str, range(len(bombs)))]
    child = [sys.executable, "-W", "ignore", "-c", VERIFY, *names]
    done = subprocess.run(child, cwd=tmp_path, check=True, capture_output=True, text=True)
    growth = [int(line) for line in done.stdout.split()]
    assert len(growth) == len(bombs)
    assert max(growth) < 40, "MB"


def test_an_animation_on_a_giant_canvas_is_refused(tmp_path: Path) -> None:
    frame = encoded(Image.new("RGB", (8, 8)), "WEBP", lossless=True)
    assert "pixels" in refused(saved(tmp_path / "x", pictures.webp(16_383, 16_383, frame)))


def test_a_gif_that_grows_beyond_its_header_is_refused(tmp_path: Path) -> None:
    content = bytearray(encoded(Image.new("P", (60, 40)), "GIF"))
    frame = content.index(b",\0\0\0\0", 13)
    content[frame + 5 : frame + 9] = struct.pack("<HH", 9_000, 9_000)
    assert "pixels" in refused(saved(tmp_path / "x", bytes(content)))


def test_a_header_that_promises_more_than_there_is(tmp_path: Path) -> None:
    path = saved(tmp_path / "x", pictures.png(2000, 2000, rows=3))
    assert verify_image(path) == ImageInfo(2000, 2000, "image/png")  # the rest is black, as in browsers
    assert "at most 3,000,000" in refused(path, 3_000_000)


def test_a_jpeg_of_too_many_scans_is_refused(tmp_path: Path) -> None:
    content = encoded(Image.effect_noise((64, 48), 90), "JPEG", progressive=True)
    assert verify_image(saved(tmp_path / "x", content))
    assert "passes" in refused(saved(tmp_path / "x", pictures.many_scans(content, 50)))


@pytest.mark.parametrize("codec", ["GIF", "WEBP", "PNG", "AVIF"])
def test_of_an_animation_the_first_frame_is_taken(tmp_path: Path, codec: str) -> None:
    content = encoded(scene(), codec, save_all=True, append_images=[Image.new("RGB", (60, 40), (0, 255, 0))])
    made = ready(saved(tmp_path / "x", content), tmp_path)
    assert near(made.getpixel((4, 4)), (255, 0, 0))
    assert near(made.getpixel((55, 35)), (0, 0, 255))


def test_thousands_of_frames_cost_one(tmp_path: Path) -> None:
    frames = [Image.new("P", (64, 64), number % 256) for number in range(2000)]
    content = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    path = saved(tmp_path / "x", content)
    started = time.perf_counter()
    assert verify_image(path).width == 64
    still = upright(path, tmp_path)
    assert time.perf_counter() - started < 1
    with Image.open(still) as image:
        assert not getattr(image, "is_animated", False)


@pytest.mark.parametrize(
    "content",
    [b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"BM" + bytes(12) + b"\x28"
     + bytes(60), b"RIFF\xff\xff\xff\xffWEBPVP8 ", b"%!PS-Adobe-3.0 EPSF-3.0\n(/etc/passwd) run", b"ID3\x04" + bytes(50)],
)  # fmt: skip
def test_what_is_no_picture(tmp_path: Path, content: bytes) -> None:
    assert refused(saved(tmp_path / "x", content)).endswith((".", ")"))


def test_the_bytes_choose_the_decoder_not_the_name(tmp_path: Path) -> None:
    assert verify_image(saved(tmp_path / "x.png", encoded(scene(), "JPEG"))).format == "image/jpeg"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200, deadline=None)
@given(codec=st.sampled_from(FORMATS), changes=st.lists(st.tuples(st.integers(0, 10**6), st.binary(min_size=1, max_size=4)), min_size=1, max_size=6))  # fmt: skip
def test_a_damaged_picture_is_refused_or_decoded(
    tmp_path: Path,
    codec: str,
    changes: list[tuple[int, bytes]],
) -> None:
    content = bytearray(encoded(scene((32, 32)), codec))
    for at, what in changes:
        at %= len(content)
        content[at : at + len(what)] = what
    path = saved(tmp_path / "x", bytes(content))
    try:
        verify_image(path)
        with Image.open(upright(path, tmp_path)) as image:
            assert image.mode == "RGB"
    except MediaRefused:
        pass


# --- upright


def ready(path: Path, folder: Path) -> Image.Image:
    made = upright(path, folder)
    assert made != path
    with Image.open(made) as image:
        assert (image.format, image.mode) in (("PNG", "RGB"), ("JPEG", "RGB"))
        assert not {"exif", "icc_profile", "transparency"} & set(image.info)
        image.load()
        return image


@pytest.mark.parametrize("codec", ["JPEG", "PNG", "WEBP", "BMP", "AVIF"])
def test_what_is_ready_is_not_touched(tmp_path: Path, codec: str) -> None:
    path = saved(tmp_path / "x", encoded(scene(), codec))
    assert upright(path, tmp_path) == path


@pytest.mark.parametrize("codec", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_camera_was_held_in_any_way(tmp_path: Path, codec: str, orientation: int) -> None:
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    exif = Image.Exif()
    exif[0x0112] = orientation
    sensor = scene().transpose(undo[orientation]) if orientation in undo else scene()
    path = saved(tmp_path / "x", encoded(sensor, codec, exif=exif))
    with Image.open(upright(path, tmp_path)) as image:
        assert image.size == (60, 40)
        assert near(image.convert("RGB").getpixel((4, 4)), (255, 0, 0))
        assert near(image.convert("RGB").getpixel((55, 35)), (0, 0, 255))
        assert image.getexif().get(0x0112, 1) == 1
        if orientation != 1:
            assert image.format == ("JPEG" if codec == "JPEG" else "PNG")


@pytest.mark.parametrize("codec", ["PNG", "WEBP", "GIF", "AVIF"])
def test_transparent_parts_become_white(tmp_path: Path, codec: str) -> None:
    image = scene().convert("RGBA")
    image.paste((0, 0, 0, 0), (20, 20, 40, 40))
    made = ready(saved(tmp_path / "x", encoded(image, codec)), tmp_path)
    assert near(made.getpixel((30, 30)), (255, 255, 255))
    assert near(made.getpixel((55, 5)), (0, 0, 255))


@pytest.mark.parametrize("mode", ["L", "LA", "P", "1", "CMYK", "I;16", "RGBA"])
def test_every_mode_becomes_rgb(tmp_path: Path, mode: str) -> None:
    if mode == "I;16":
        image = Image.new("I;16", (8, 8), 0x8000)
    else:
        image = Image.new("RGB", (8, 8), (128, 128, 128)).convert(mode, palette=Image.Palette.ADAPTIVE)
    path = saved(tmp_path / "x", encoded(image, "JPEG" if mode == "CMYK" else "PNG"))
    made = ready(path, tmp_path)
    if mode != "1":
        assert near(made.getpixel((4, 4)), (128, 128, 128), by=2)


def test_another_colour_space_becomes_srgb(tmp_path: Path) -> None:
    profile = swapped()
    path = saved(tmp_path / "x", encoded(Image.new("RGB", (8, 8), (255, 0, 0)), "PNG", icc_profile=profile))
    assert near(ready(path, tmp_path).getpixel((4, 4)), (0, 255, 0), by=40)


def test_srgb_needs_no_work(tmp_path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    path = saved(tmp_path / "x", encoded(scene(), "PNG", icc_profile=profile))
    assert upright(path, tmp_path) == path


@pytest.mark.parametrize("profile", [b"no profile at all", bytes(200)])
def test_a_broken_profile_is_as_good_as_none(tmp_path: Path, profile: bytes) -> None:
    path = saved(tmp_path / "x", encoded(scene(), "PNG", icc_profile=profile))
    assert near(ready(path, tmp_path).getpixel((55, 35)), (0, 0, 255))


def swapped() -> bytes:
    """A profile of a display whose red and green are the other way round: sRGB's with two tags exchanged."""
    content = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for at in range(132, 132 + 12 * int.from_bytes(content[128:132], "big"), 12):
        name = bytes(content[at : at + 4])
        content[at : at + 4] = {b"rXYZ": b"gXYZ", b"gXYZ": b"rXYZ"}.get(name, name)
    return (
        bytes(content)
        .replace(b"sRGB", b"mine")
        .replace("sRGB".encode("utf-16-be"), "mine".encode("utf-16-be"))
    )
