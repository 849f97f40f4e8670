"""Pictures on their way out, clips on their way in."""

import asyncio
import base64
import io
import os
from pathlib import Path

import pytest
from PIL import Image

from understudy.engines.google.clips import Latest, must_be_clip, picture, save, silence
from understudy.errors import EngineInputError, ResultLost
from understudy.files.probe import probe
from understudy.testing.clip import tiny_clip


def noise(path: Path, side: int = 400) -> Path:
    Image.frombytes("RGB", (side, side), os.urandom(side * side * 3)).save(path)
    return path


def test_a_picture_that_fits_is_sent_as_it_is(tmp_path: Path) -> None:
    path = noise(tmp_path / "a.png")
    sent = picture(str(path))
    assert base64.b64decode(sent.data) == path.read_bytes()
    assert sent.content_type == "image/png"


@pytest.mark.parametrize("most", [200_000, 60_000, 2_000])
def test_a_picture_that_is_too_large_becomes_a_jpeg_that_is_not(most: int, tmp_path: Path) -> None:
    sent = picture(str(noise(tmp_path / "a.png")), most)
    content = base64.b64decode(sent.data)
    assert sent.content_type == "image/jpeg"
    assert len(content) <= most
    width, height = Image.open(io.BytesIO(content)).size
    assert width == height


def test_what_is_no_picture(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"GIF89a and no more")
    for name in ("a.png", "b.png"):
        with pytest.raises(EngineInputError):
            picture(str(tmp_path / name))


def test_a_clip_out_of_an_answer(tmp_path: Path) -> None:
    save(base64.b64encode(tiny_clip()).decode(), tmp_path / "0.mp4")
    assert (tmp_path / "0.mp4").read_bytes() == tiny_clip()
    save(base64.b64encode(tiny_clip()).decode(), tmp_path / "0.mp4")


@pytest.mark.parametrize("data", ["?", "AAA", "", base64.b64encode(b"no clip").decode()])
def test_an_answer_that_is_no_clip(data: str, tmp_path: Path) -> None:
    with pytest.raises(ResultLost):
        save(data, tmp_path / "0.mp4")


def test_half_a_clip(tmp_path: Path) -> None:
    clip = tiny_clip()
    with pytest.raises(ResultLost, match="damaged"):
        save(base64.b64encode(clip[: len(clip) // 2]).decode(), tmp_path / "0.mp4")


def test_a_picture_is_no_clip(tmp_path: Path) -> None:
    with pytest.raises(ResultLost, match="no video but image/png"):
        must_be_clip(noise(tmp_path / "a.mp4.png"))


def test_silence_leaves_the_pictures_alone(tmp_path: Path) -> None:
    import av

    def packets(path: Path) -> list[bytes]:
        with av.open(str(path)) as file:
            return [bytes(packet) for packet in file.demux(video=0) if packet.size]

    path = tmp_path / "0.mp4"
    path.write_bytes(tiny_clip())
    before, heard = packets(path), probe(path)
    silence(path)
    after = probe(path)
    assert packets(path) == before
    assert (len(heard.audio), len(after.audio)) == (1, 0)
    assert after.video[0].frames == heard.video[0].frames
    assert after.video[0].duration == pytest.approx(heard.video[0].duration)
    assert list(tmp_path.iterdir()) == [path]


def test_silence_of_what_is_no_clip(tmp_path: Path) -> None:
    path = tmp_path / "0.mp4"
    path.write_bytes(b"no clip")
    with pytest.raises(ResultLost):
        silence(path)
    assert list(tmp_path.iterdir()) == [path]


async def test_only_the_latest_answer_is_kept_once_and_not_for_long() -> None:
    latest: Latest[str] = Latest(seconds=0.05)
    latest.keep("a", "answer of a")
    latest.keep("b", "answer of b")
    assert latest.take("a") is None
    assert latest.take("b") == "answer of b"
    assert latest.take("b") is None
    latest.keep("c", "answer of c")
    await asyncio.sleep(0.1)
    assert latest.take("c") is None
