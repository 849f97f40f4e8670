import shutil
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.files.clips import clip, tone
from understudy.errors import MediaRefused
from understudy.files.probe import AudioStream, Probe, VideoStream, probe


def test_a_clip_with_sound(tmp_path: Path) -> None:
    path = clip(tmp_path / "x.mp4", seconds=2, tags={"title": "a koala"})
    found = probe(path)
    assert found.content_type == "video/mp4"
    assert found.container == "mov"
    assert found.duration == pytest.approx(2, abs=0.05)
    assert found.size == path.stat().st_size
    assert found.duration is not None
    assert found.bit_rate == round(found.size * 8 / found.duration)
    assert found.tags["title"] == "a koala"
    (video,), (audio,) = found.video, found.audio
    assert video == VideoStream(
        codec="h264", width=128, height=96, pix_fmt="yuv420p", fps=Fraction(24), frames=48, duration=2.0
    )
    assert audio == AudioStream(
        codec="aac", rate=48_000, channels=2, layout="stereo", duration=audio.duration
    )
    assert audio.duration == pytest.approx(2, abs=0.05)


def test_the_frame_rate_is_exact(tmp_path: Path) -> None:
    found = probe(clip(tmp_path / "x.mp4", fps=Fraction(30_000, 1001), sound=""))
    assert found.video[0].fps == Fraction(30_000, 1001)
    assert type(found.video[0].fps) is Fraction
    assert found.audio == ()


@pytest.mark.parametrize(
    ("name", "codec", "sound", "content_type", "names"),
    [
        ("x.mov", "libx264", "aac", "video/quicktime", ("h264", "aac")),
        ("x.mkv", "libx264", "aac", "video/x-matroska", ("h264", "aac")),
        ("x.webm", "libvpx", "libopus", "video/webm", ("vp8", "opus")),
    ],
)
def test_other_containers(
    tmp_path: Path, name: str, codec: str, sound: str, content_type: str, names: tuple[str, str]
) -> None:
    found = probe(clip(tmp_path / name, codec=codec, sound=sound))
    assert found.content_type == content_type
    assert (found.video[0].codec, found.audio[0].codec) == names
    assert found.duration == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize(
    ("name", "codec", "content_type"),
    [
        ("x.wav", "pcm_s16le", "audio/wav"),
        ("x.mp3", "libmp3lame", "audio/mpeg"),
        ("x.flac", "flac", "audio/flac"),
        ("x.ogg", "libopus", "audio/ogg"),
        ("x.m4a", "aac", "audio/mp4"),
        ("x.aac", "aac", "audio/aac"),
    ],
)
def test_sound(tmp_path: Path, name: str, codec: str, content_type: str) -> None:
    path = tone(tmp_path / name, codec, "ipod" if name.endswith("m4a") else None)
    found = probe(path)
    assert found.content_type == content_type
    assert (found.audio[0].rate, found.audio[0].channels, found.video) == (48_000, 2, ())
    assert found.duration == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("extension", ["jpg", "png", "gif", "webp", "bmp", "avif"])
def test_a_picture_is_one_frame(tmp_path: Path, extension: str) -> None:
    path = tmp_path / f"x.{extension}"
    Image.effect_noise((64, 48), 50).convert("RGB").save(path)
    found = probe(path)
    (video,) = found.video
    assert (video.width, video.height, video.frames, video.fps) == (64, 48, 1, None)
    assert (found.duration, found.bit_rate, found.audio) == (None, None, ())


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n",
        b"ffconcat version 1.0\nfile '/etc/passwd'\n",
        b"<svg/>",
        b"\x00\x00\x00\x14ftypisom" + bytes(8),
        b"\x00\x00\x00\x14ftypisom" + bytes(8) + b"\xff" * 5000,
        b"RIFF\x24\x00\x00\x00WAVEfmt ",
        b"ID3\x04" + bytes(2000),
        b"\x1a\x45\xdf\xa3\x9fB\x86\x81\x01B\x82\x84webm" + bytes(100),
    ],
)
def test_what_is_no_media(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.mp4"
    path.write_bytes(content)
    with pytest.raises(MediaRefused) as failed:
        probe(path)
    assert str(tmp_path) not in failed.value.message


def test_an_incomplete_clip_is_refused(tmp_path: Path) -> None:
    path = clip(tmp_path / "x.mp4")
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(MediaRefused, match="damaged or incomplete"):
        probe(path)


def test_sound_that_calls_itself_video(tmp_path: Path) -> None:
    path = tone(tmp_path / "x.mp4", "aac")
    with pytest.raises(MediaRefused, match="no video in it"):
        probe(path)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return clip(tmp_path_factory.mktemp("clip") / "x.mp4", seconds=0.3).read_bytes()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(
    changes=st.lists(
        st.tuples(st.integers(0, 10**6), st.binary(min_size=1, max_size=4)), min_size=1, max_size=6
    )
)
def test_a_damaged_clip_is_refused_or_read(
    tmp_path: Path, sample: bytes, changes: list[tuple[int, bytes]]
) -> None:
    content = bytearray(sample)
    for at, what in changes:
        at %= len(content)
        content[at : at + len(what)] = what
    path = tmp_path / "x"
    path.write_bytes(content)
    with suppress(MediaRefused):
        assert isinstance(probe(path), Probe)


def test_a_name_that_looks_like_an_address_is_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = clip(tmp_path / "x.mp4", seconds=0.2)
    monkeypatch.chdir(tmp_path)
    for name in ("concat:x.mp4", "x%03d.mp4", "data:,x"):
        shutil.copyfile(source, name)
        assert probe(Path(name)).video[0].width == 128
