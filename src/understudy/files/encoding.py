"""Encodes a clip while it is still being made: earlier frames in a thread beside, later ones where they come from."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import TYPE_CHECKING, Final

from understudy.files.clip import ClipWriter

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Frame = NDArray[np.uint8]
    Samples = NDArray[np.float32]

_AHEAD: Final = 8
"""Frames that may wait for the encoder: enough to even out both sides, 50 MB of RGB at 1080p."""


def encode(
    frames: "Iterator[Frame]",
    sound: "Future[Samples] | Iterator[Samples] | None",
    writer: ClipWriter,
    on_frame: Callable[[int], None] = lambda _: None,
) -> None:
    """Draw `frames` here, and have `writer`, not opened yet, encode them in a thread beside it. Then the clip is there.

    A frame is (height, width, 3) uint8, or whatever else `ClipWriter.video` takes; nobody may write to it afterwards.
    `sound` is float32, (samples, channels) or (samples,): either a promise of all of it, or pieces of it in order, each
    of which is asked for when the picture has come so far. What would begin after the last frame is left out.
    `on_frame` hears after each frame how many are drawn.

    Whatever is raised on either side (`Cancelled` out of `on_frame`, `StorageFailed`, `MemoryError`) stops both, is
    raised here, and leaves no file.
    """
    between = _Between()
    failure: list[BaseException] = []

    def write() -> None:
        try:
            with writer:
                track = _Track(writer, _pieces(sound, writer, between))
                for number, frame in enumerate(between.frames()):
                    writer.video(frame)
                    track.keep_up(number)
        except _Stopped:
            pass
        except BaseException as error:  # noqa: BLE001 - raised again by the thread that waits for this one
            failure.append(error)
            between.stop()

    encoder = threading.Thread(target=write, name="encoder")
    encoder.start()
    try:
        for count, frame in enumerate(frames, 1):
            if not between.put(frame):
                break
            on_frame(count)
        between.end()
    except BaseException:
        between.stop()
        raise
    finally:
        encoder.join()
    if failure:
        raise failure[0]


class _Stopped(Exception):
    """Leaves the writer's block as a failure, so that it discards what it wrote."""


class _Between:
    """What the two threads share: frames that wait, and whether one of the two has stopped."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: deque[Frame] = deque()
        self._ended = False
        self._stopped = False

    def put(self, frame: "Frame") -> bool:
        """Hand a frame over, as soon as there is room; False if the other side has stopped."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopped or len(self._waiting) < _AHEAD)
            if not self._stopped:
                self._waiting.append(frame)
                self._changed.notify_all()
            return not self._stopped

    def end(self) -> None:
        """There are no more frames."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def stop(self) -> None:
        """Break it off: what waits is not needed any more."""
        with self._changed:
            self._stopped = True
            self._waiting.clear()
            self._changed.notify_all()

    def frames(self) -> "Iterator[Frame]":
        """All frames. Raises `_Stopped`."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._stopped or self._waiting or self._ended)
                self._go_on()
                if not self._waiting:
                    return
                frame = self._waiting.popleft()
                self._changed.notify_all()
            yield frame

    def result(self, promised: "Future[Samples]") -> "Samples":
        """What is promised. Raises `_Stopped`, and whatever kept it from being made."""
        promised.add_done_callback(lambda _: self._notify())
        with self._changed:
            self._changed.wait_for(lambda: self._stopped or promised.done())
            self._go_on()
        return promised.result()

    def _go_on(self) -> None:
        if self._stopped:
            raise _Stopped

    def _notify(self) -> None:
        with self._changed:
            self._changed.notify_all()


class _Track:
    """The sound of a clip, which follows its picture."""

    def __init__(self, writer: ClipWriter, pieces: "Iterator[Samples]") -> None:
        self._writer = writer
        self._pieces = pieces
        self._written = 0
        """In samples."""

    def keep_up(self, frame: int) -> None:
        """Write the pieces that begin no later than the frame of that number, counted from 0."""
        rate = self._writer.audio_rate or 0
        while self._written <= frame * rate / self._writer.fps:
            piece = next(self._pieces, None)
            if piece is None:
                return
            self._writer.audio(piece)
            self._written += len(piece)


def _pieces(
    sound: "Future[Samples] | Iterator[Samples] | None", writer: ClipWriter, between: _Between
) -> "Iterator[Samples]":
    """The sound in pieces; what is made as a whole comes second by second."""
    if sound is None:
        return
    if not isinstance(sound, Future):
        yield from sound
        return
    samples = between.result(sound)
    second = writer.audio_rate or len(samples)
    for start in range(0, len(samples), second):
        yield samples[start : start + second]
