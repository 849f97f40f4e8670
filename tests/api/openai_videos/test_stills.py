"""Pictures of a clip: which frames, how large, from how little work."""

import io
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from understudy.api.openai_videos import stills
from understudy.errors import MediaRefused
from understudy.files.clip import ClipWriter
from understudy.testing.clip import tiny_clip


def clip(path: Path, frames: int, width: int = 64, height: int = 36, fps: int = 12) -> Path:
    """Its frames become evenly brighter."""
    with ClipWriter(path, width=width, height=height, fps=Fraction(fps)) as writer:
        for number in range(frames):
            writer.video(np.full((height, width, 3), 20 + 200 * number // frames, np.uint8))
    return path


def cells(sheet: bytes) -> tuple[tuple[int, int], list[float]]:
    """The size of a cell, and the mean brightness of each."""
    with Image.open(io.BytesIO(sheet)) as image:
        assert image.format == "JPEG"
        grey = np.asarray(image.convert("L"), dtype=np.float32)
    height, width = grey.shape[0] // stills.ROWS, grey.shape[1] // stills.COLUMNS
    return (width, height), [
        float(grey[row * height : (row + 1) * height, column * width : (column + 1) * width].mean())
        for row in range(stills.ROWS)
        for column in range(stills.COLUMNS)
    ]


@pytest.mark.parametrize("frames", [24, 120])
def test_the_frames_are_evenly_spaced(tmp_path: Path, frames: int) -> None:
    size, bright = cells(stills.sheet(clip(tmp_path / "a.mp4", frames)))
    assert size == (64, 36)
    expected = [20 + 200 * (number + 0.5) / 12 for number in range(12)]
    assert bright == pytest.approx(expected, abs=14)


def test_of_a_long_clip_the_key_frames_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stills, "_MOST_DECODED", 100)
    _, bright = cells(stills.sheet(clip(tmp_path / "a.mp4", 600)))
    assert bright == sorted(bright)
    assert bright[-1] > bright[0] + 50


@pytest.mark.parametrize(
    ("width", "height", "cell"), [(1280, 720, (320, 180)), (720, 1280, (180, 320)), (960, 960, (320, 320))]
)
def test_frames_are_made_small(tmp_path: Path, width: int, height: int, cell: tuple[int, int]) -> None:
    size, _ = cells(stills.sheet(clip(tmp_path / "a.mp4", 3, width, height)))
    assert size == cell


def test_a_clip_of_one_frame_fills_the_sheet(tmp_path: Path) -> None:
    _, bright = cells(stills.sheet(clip(tmp_path / "a.mp4", 1)))
    assert len({round(each) for each in bright}) == 1


def test_the_thumbnail(tmp_path: Path) -> None:
    path = clip(tmp_path / "a.mp4", 12, 1280, 720)
    with Image.open(io.BytesIO(stills.webp(path))) as image:
        assert (image.format, image.size) == ("WEBP", (640, 360))


@pytest.mark.parametrize("content", [b"hello world", tiny_clip()[:3000]])
def test_what_is_no_clip(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(content)
    for make in (stills.sheet, stills.webp):
        with pytest.raises(MediaRefused):
            make(path)
