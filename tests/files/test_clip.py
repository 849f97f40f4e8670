from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from understudy.errors import StorageFailed
from understudy.files.clip import ClipWriter
from understudy.files.probe import probe


def write(
    path: Path, *, frames: int = 12, fps: int | Fraction = 12, rate: int | None = 48_000, channels: int = 2
) -> None:
    with ClipWriter(
        path, width=64, height=48, fps=fps, audio_rate=rate, channels=channels, metadata={"model": "a/b", "task": "é 7"}
    ) as clip:  # fmt: skip
        for number in range(frames):
            clip.video(np.full((48, 64, 3), number * 8, np.uint8))
        if rate:
            time = np.arange(round(frames / fps * rate), dtype=np.float32) / rate
            wave = 0.5 * np.sin(2 * np.pi * 440 * time, dtype=np.float32)
            clip.audio(wave if channels == 1 else np.stack([wave, wave], axis=1))


@pytest.mark.parametrize(
    ("fps", "rate", "channels"),
    [(24, 48_000, 2), (30, 44_100, 2), (24, 16_000, 1), (Fraction(30_000, 1001), None, 2)],
)
def test_the_file_is_exactly_what_was_asked_for(
    tmp_path: Path, fps: Fraction, rate: int | None, channels: int
) -> None:
    write(tmp_path / "clip.mp4", frames=30, fps=fps, rate=rate, channels=channels)
    found = probe(tmp_path / "clip.mp4")
    (video,) = found.video
    assert (video.codec, video.width, video.height, video.pix_fmt) == ("h264", 64, 48, "yuv420p")
    assert (video.fps, video.frames) == (Fraction(fps), 30)
    assert video.duration == pytest.approx(float(30 / Fraction(fps)), abs=1e-4)
    assert found.duration == pytest.approx(float(30 / Fraction(fps)), abs=1e-3)
    if rate is None:
        assert found.audio == ()
    else:
        (audio,) = found.audio
        assert (audio.codec, audio.rate, audio.channels) == ("aac", rate, channels)


def test_tags_are_read_back_and_nothing_tells_when_it_was_made(tmp_path: Path) -> None:
    write(tmp_path / "clip.mp4")
    tags = probe(tmp_path / "clip.mp4").tags
    assert (tags["model"], tags["task"]) == ("a/b", "é 7")
    assert not {"creation_time", "encoder"} & tags.keys()


def test_the_index_comes_before_the_pictures(tmp_path: Path) -> None:
    write(tmp_path / "clip.mp4")
    data = (tmp_path / "clip.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.mp4", "b.mp4"):
        write(tmp_path / name)
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


def test_rgb_and_yuv_frames_show_the_same_colour(tmp_path: Path) -> None:
    red = np.zeros((48, 64, 3), np.uint8)
    red[...] = (200, 40, 40)
    # BT.709, limited range: Y = 16 + 219/255 * (0.2126 R + 0.7152 G + 0.0722 B), and so on.
    planar = np.empty((72, 64), np.uint8)
    planar[:48], planar[48:60], planar[60:] = 80, 112, 198
    pixels = []
    for frame in (red, planar):
        with ClipWriter(tmp_path / "clip.mp4", width=64, height=48, fps=8, crf=4) as clip:
            clip.video(frame)
        with av.open(str(tmp_path / "clip.mp4")) as container:
            first = next(container.decode(video=0))
            assert (first.colorspace, first.color_range) == (1, 1)
            pixels.append(first.to_ndarray().reshape(72, 64)[[20, 50, 65], 10].astype(int))
    assert np.abs(pixels[0] - pixels[1]).max() <= 2


def test_the_sound_is_the_sound(tmp_path: Path) -> None:
    write(tmp_path / "clip.mp4", rate=16_000, channels=1)
    with av.open(str(tmp_path / "clip.mp4")) as container:
        heard = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
    spectrum = np.abs(np.fft.rfft(heard))
    assert np.fft.rfftfreq(len(heard), 1 / 16_000)[spectrum.argmax()] == pytest.approx(440, abs=3)
    assert np.abs(heard).max() == pytest.approx(0.5, abs=0.1)


def test_an_error_leaves_nothing_behind(tmp_path: Path) -> None:
    def broken() -> None:
        with ClipWriter(tmp_path / "clip.mp4", width=64, height=48, fps=8) as clip:
            clip.video(np.zeros((48, 64, 3), np.uint8))
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        broken()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StorageFailed, match="could not be written"):
        write(tmp_path / "no" / "clip.mp4")


def test_a_clip_needs_a_frame(tmp_path: Path) -> None:
    with (
        pytest.raises(ValueError, match="without a frame"),
        ClipWriter(tmp_path / "clip.mp4", width=64, height=48, fps=8),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [{"width": 63}, {"height": 0}, {"fps": 0}, {"audio_rate": 12_345}])
def test_arguments_that_no_clip_can_have(tmp_path: Path, arguments: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"."):
        ClipWriter(tmp_path / "clip.mp4", **{"width": 64, "height": 48, "fps": 8, **arguments})


def test_frames_and_sound_of_the_wrong_shape(tmp_path: Path) -> None:
    with ClipWriter(tmp_path / "clip.mp4", width=64, height=48, fps=8, audio_rate=48_000) as clip:
        with pytest.raises(ValueError, match="shape"):
            clip.video(np.zeros((10, 10, 3), np.uint8))
        with pytest.raises(ValueError, match="shape"):
            clip.audio(np.zeros((100, 3), np.float32))
        clip.video(np.zeros((48, 64, 3), np.uint8))
