import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from understudy.errors import Cancelled, StorageFailed
from understudy.files.clip import ClipWriter
from understudy.files.encoding import encode
from understudy.files.probe import probe

FPS = 24
RATE = 16_000
WIDTH, HEIGHT = 64, 48
Samples = NDArray[np.float32]


def writer_at(folder: Path, rate: int | None = RATE) -> ClipWriter:
    return ClipWriter(
        folder / "clip.mp4", width=WIDTH, height=HEIGHT, fps=FPS, audio_rate=rate, channels=1, preset="ultrafast"
    )  # fmt: skip


def pictures(number: int) -> Iterator[NDArray[np.uint8]]:
    for each in range(number):
        yield np.full((HEIGHT, WIDTH, 3), each % 250, np.uint8)


def tone(samples: int) -> Samples:
    return np.sin(np.arange(samples, dtype=np.float32) / 8) / 2


def promised(sound: Samples) -> "Future[Samples]":
    future: Future[Samples] = Future()
    future.set_result(sound)
    return future


def nothing_is_left(folder: Path, threads: int) -> bool:
    return list(folder.iterdir()) == [] and threading.active_count() == threads


@pytest.mark.parametrize("whole", [True, False])
def test_a_clip_whose_sound_is_a_little_shorter_than_its_picture(tmp_path: Path, whole: bool) -> None:
    # As Ovi makes them: 121 frames at 24 a second, 5.04 s, and sound at 16 kHz in steps of 512 samples, 5.02 s.
    sound = tone(157 * 512)
    pieces = promised(sound) if whole else iter(np.array_split(sound, 11))
    drawn: list[int] = []
    encode(pictures(121), pieces, writer_at(tmp_path), drawn.append)
    found = probe(tmp_path / "clip.mp4")
    (video,), (audio,) = found.video, found.audio
    assert (video.frames, video.fps, video.duration) == (121, 24, pytest.approx(121 / 24, abs=1e-4))
    assert (audio.codec, audio.rate, audio.channels) == ("aac", RATE, 1)
    assert drawn == list(range(1, 122))
    with av.open(str(tmp_path / "clip.mp4")) as container:
        heard = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
    # AAC ends with a whole packet of 1024 samples.
    assert len(sound) <= len(heard) < len(sound) + 1024
    assert np.abs(heard[2000:80_000] - sound[2000:80_000]).max() < 0.05


def test_it_is_the_file_that_one_thread_writes(tmp_path: Path) -> None:
    sound = tone(2 * RATE)
    encode(pictures(48), promised(sound), writer_at(tmp_path))
    (tmp_path / "plain").mkdir()
    with writer_at(tmp_path / "plain") as plain:
        for number, frame in enumerate(pictures(48)):
            plain.video(frame)
            if number % FPS == 0:
                plain.audio(sound[number // FPS * RATE :][:RATE])
    assert (tmp_path / "clip.mp4").read_bytes() == (tmp_path / "plain" / "clip.mp4").read_bytes()


def test_without_sound(tmp_path: Path) -> None:
    encode(pictures(3), None, writer_at(tmp_path, rate=None))
    assert probe(tmp_path / "clip.mp4").audio == ()


def test_sound_that_begins_after_the_picture_is_left_out(tmp_path: Path) -> None:
    encode(pictures(FPS), promised(tone(9 * RATE)), writer_at(tmp_path))
    (audio,) = probe(tmp_path / "clip.mp4").audio
    assert audio.duration == pytest.approx(1, abs=0.1)


class Slow(ClipWriter):
    """An encoder that takes its time, and counts the frames that it has encoded."""

    def __init__(self, path: Path, pause: float) -> None:
        super().__init__(path, width=WIDTH, height=HEIGHT, fps=FPS)
        self.pause = pause
        self.had = 0

    def video(self, frame: NDArray[np.uint8]) -> None:
        time.sleep(self.pause)
        super().video(frame)
        self.had += 1


def test_a_slow_encoder_gets_every_frame_and_holds_the_drawing_up(tmp_path: Path) -> None:
    ahead: list[int] = []
    writer = Slow(tmp_path / "clip.mp4", 0.06)
    encode(pictures(20), None, writer, lambda drawn: ahead.append(drawn - writer.had))
    assert probe(tmp_path / "clip.mp4").video[0].frames == 20
    assert 8 <= max(ahead) <= 10  # eight wait, one is being encoded, one may just have come


def test_earlier_frames_are_encoded_while_later_ones_are_drawn(tmp_path: Path) -> None:
    writer = Slow(tmp_path / "clip.mp4", 0)

    def patiently() -> Iterator[NDArray[np.uint8]]:
        for number, frame in enumerate(pictures(4)):
            deadline = time.monotonic() + 10
            while writer.had < number:
                assert time.monotonic() < deadline, "the frame before is not encoded yet"
                time.sleep(0.002)
            yield frame

    encode(patiently(), None, writer)
    assert writer.had == 4


class TestWhateverIsRaisedStopsBothAndLeavesNoFile:
    @pytest.mark.parametrize("error", [Cancelled("enough"), MemoryError(), KeyboardInterrupt()])
    def test_by_who_is_told_of_frames(self, tmp_path: Path, error: BaseException) -> None:
        def told(drawn: int) -> None:
            if drawn == 3:
                raise error

        threads = threading.active_count()
        with pytest.raises(type(error)) as caught:
            encode(pictures(10_000), promised(tone(RATE)), writer_at(tmp_path), told)
        assert caught.value is error
        assert nothing_is_left(tmp_path, threads)

    @pytest.mark.parametrize("after", [0, 5, 30])
    def test_by_who_draws(self, tmp_path: Path, after: int) -> None:
        def broken() -> Iterator[NDArray[np.uint8]]:
            yield from pictures(after)
            raise MemoryError("the card is full")

        threads = threading.active_count()
        with pytest.raises(MemoryError, match="the card is full"):
            encode(broken(), None, writer_at(tmp_path, rate=None))
        assert nothing_is_left(tmp_path, threads)

    def test_by_the_encoder(self, tmp_path: Path) -> None:
        drawn: list[int] = []
        wrong = (np.zeros((1, 1), np.uint8) for _ in range(10_000))
        with pytest.raises(ValueError, match="shape"):
            encode(wrong, None, writer_at(tmp_path), drawn.append)
        assert len(drawn) < 30
        assert list(tmp_path.iterdir()) == []

    def test_by_the_disk(self, tmp_path: Path) -> None:
        drawn: list[int] = []
        with pytest.raises(StorageFailed, match="could not be written"):
            encode(pictures(10_000), None, writer_at(tmp_path / "gone"), drawn.append)
        assert len(drawn) < 10_000

    @pytest.mark.parametrize("whole", [True, False])
    def test_by_who_makes_the_sound(self, tmp_path: Path, whole: bool) -> None:
        def broken() -> Iterator[Samples]:
            yield tone(RATE)
            raise MemoryError("no sound")

        failed: Future[Samples] = Future()
        failed.set_exception(MemoryError("no sound"))
        threads = threading.active_count()
        with pytest.raises(MemoryError, match="no sound"):
            encode(pictures(10_000), failed if whole else broken(), writer_at(tmp_path))
        assert nothing_is_left(tmp_path, threads)


def test_sound_that_is_late_is_waited_for(tmp_path: Path) -> None:
    def slowly() -> Samples:
        time.sleep(0.2)
        return tone(RATE)

    with ThreadPoolExecutor(1) as mixer:
        encode(pictures(FPS), mixer.submit(slowly), writer_at(tmp_path))
    (audio,) = probe(tmp_path / "clip.mp4").audio
    assert audio.duration == pytest.approx(1, abs=0.1)


def test_but_not_by_a_run_that_was_cancelled(tmp_path: Path) -> None:
    def told(drawn: int) -> None:
        raise Cancelled("enough")

    never: Future[Samples] = Future()
    threads = threading.active_count()
    with pytest.raises(Cancelled):
        encode(pictures(100), never, writer_at(tmp_path), told)
    assert nothing_is_left(tmp_path, threads)
