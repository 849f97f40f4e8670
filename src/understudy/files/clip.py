"""Writes a clip: H.264 video and AAC sound in an mp4 that can be played while it is still being downloaded.

The same frames and samples give the same bytes, in any process: the encoders run bit-exact, with a fixed number of
threads, and nothing in the file tells when it was made.
"""

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Literal, Self

from understudy.errors import StorageFailed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

AUDIO_RATES: Final = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
"""Samples a second that AAC knows (ISO/IEC 14496-3, table 1.18)."""

_BT709: Final = 1
_MPEG_RANGE: Final = 1
# Ticks in which a movie's lengths are counted: one that divides all usual frame and sample rates, so that a length is
# exact (90,000 is also MPEG's own clock).
_MOVIE_TIMESCALE: Final = 90_000

Preset = Literal["ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow"]


class ClipWriter:
    """An mp4 that comes into being at `path` when the `with` block ends well, and not at all if it does not.

    `width` and `height` are even, in pixels; `fps` is exact, so pass a Fraction for 30000/1001. With `audio_rate`
    None the file has no sound stream at all. `metadata` may use any keys; they are read back under the same names.
    Lower `crf` is better and larger (x264's scale, 0 to 51).

    Frames and samples are taken in any order between the two streams, but memory stays small only if they keep
    pace with each other. Not for several threads at once. Raises `StorageFailed` when the disk or the encoder fails,
    `ValueError` for arguments that no clip can have.
    """

    def __init__(
        self,
        path: Path,
        *,
        width: int,
        height: int,
        fps: int | Fraction,
        audio_rate: int | None = None,
        channels: Literal[1, 2] = 2,
        metadata: Mapping[str, str] | None = None,
        crf: int = 20,
        preset: Preset = "veryfast",
        threads: int = 1,
        x264: Mapping[str, str | int] | None = None,
    ) -> None:
        if width < 2 or height < 2 or width % 2 or height % 2:
            raise ValueError(f"a clip of {width} x {height} pixels: both must be even")
        if fps <= 0:
            raise ValueError(f"a clip of {fps} frames a second")
        if audio_rate is not None and audio_rate not in AUDIO_RATES:
            raise ValueError(f"AAC has no sample rate of {audio_rate}; it has {AUDIO_RATES}")
        self.path = path
        self.width, self.height, self.fps = width, height, Fraction(fps)
        self.audio_rate, self.channels = audio_rate, channels
        self._metadata = dict(metadata or {})
        self._video_options = _video_options(crf, preset, x264 or {})
        self._threads = threads
        self._partial = path.with_name(f".{path.name}.partial")
        self._frames = self._samples = 0
        self._container: Any = None
        self._video: Any = None
        self._audio: Any = None

    def __enter__(self) -> Self:
        import av

        try:
            self._open()
        except (av.error.FFmpegError, OSError) as error:
            self._discard()
            raise _failed(error) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is not None:
            self._discard()
            return
        import av

        try:
            self._finish()
        except (av.error.FFmpegError, OSError) as failure:
            self._discard()
            raise _failed(failure) from failure
        except BaseException:
            self._discard()
            raise

    def video(self, frame: "NDArray[np.uint8]") -> None:
        """One frame: RGB, (height, width, 3); or planar YUV 4:2:0, BT.709 and limited range, (height * 3 / 2, width).

        The planar form is Y, then U, then V as they lie in memory, and spares the conversion.
        """
        import av

        yuv = (self.height * 3 // 2, self.width)
        if frame.shape == (self.height, self.width, 3):
            picture = av.VideoFrame.from_ndarray(frame, format="rgb24").reformat(
                format="yuv420p", dst_colorspace=_BT709, dst_color_range=_MPEG_RANGE
            )
        elif frame.shape == yuv:
            picture = av.VideoFrame.from_ndarray(frame, format="yuv420p")
        else:
            raise ValueError(
                f"a frame of shape {frame.shape}; expected {(self.height, self.width, 3)} or {yuv}"
            )
        picture.pts = self._frames
        picture.time_base = 1 / self.fps
        self._frames += 1
        self._encode(self._video, picture)

    def audio(self, samples: "NDArray[np.float32]") -> None:
        """The next samples, (samples, channels), or (samples,) if mono; float32 in [-1, 1]."""
        import av
        import numpy as np

        if self._audio is None:
            raise ValueError("a clip without an audio_rate takes no sound")
        if samples.ndim == 1:
            samples = samples[:, None]
        if samples.ndim != 2 or samples.shape[1] != self.channels:
            raise ValueError(f"sound of shape {samples.shape}; expected (samples, {self.channels})")
        if not len(samples):
            return
        planar = np.ascontiguousarray(samples.T, dtype=np.float32)
        chunk = av.AudioFrame.from_ndarray(planar, format="fltp", layout=_layout(self.channels))
        chunk.sample_rate = self.audio_rate or 0
        chunk.pts = self._samples
        chunk.time_base = Fraction(1, self.audio_rate or 1)
        self._samples += len(samples)
        self._encode(self._audio, chunk)

    def _open(self) -> None:
        import av

        # `fflags=bitexact` leaves out the muxer's version and the time; the file is then the same every time.
        options = {
            "movflags": "+faststart+use_metadata_tags",
            "fflags": "+bitexact",
            "movie_timescale": str(_MOVIE_TIMESCALE),
        }
        self._container = av.open(str(self._partial.absolute()), "w", format="mp4", options=options)
        self._container.metadata.update(self._metadata)
        self._video = self._container.add_stream("libx264", rate=self.fps, options=self._video_options)
        context = self._video.codec_context
        context.width, context.height, context.pix_fmt = self.width, self.height, "yuv420p"
        context.thread_count = self._threads
        context.color_primaries = context.color_trc = context.colorspace = _BT709
        context.color_range = _MPEG_RANGE
        if self.audio_rate is not None:
            self._audio = self._container.add_stream(
                "aac",
                rate=self.audio_rate,
                layout=_layout(self.channels),
                options={"flags": "+bitexact", "b": str(self.channels * 96_000)},
            )

    def _encode(self, stream: Any, frame: Any) -> None:
        import av

        if self._container is None:
            raise ValueError("the clip is not open; use it in a `with` block")
        try:
            self._container.mux(stream.encode(frame))
        except (av.error.FFmpegError, OSError) as error:
            raise _failed(error) from error

    def _finish(self) -> None:
        if not self._frames:
            raise ValueError("a clip without a frame")
        for stream in (self._video, self._audio):
            if stream is not None:
                self._container.mux(stream.encode(None))
        self._container.close()
        self._container = None
        self._partial.replace(self.path)

    def _discard(self) -> None:
        import av

        container, self._container = self._container, None
        try:
            if container is not None:
                container.close()
        except (av.error.FFmpegError, OSError):
            pass  # the error that led here is the one to tell
        finally:
            self._partial.unlink(missing_ok=True)


def _layout(channels: int) -> str:
    return "stereo" if channels == 2 else "mono"


def _video_options(crf: int, preset: str, x264: Mapping[str, str | int]) -> dict[str, str]:
    options = {"preset": preset, "crf": str(crf), "flags": "+bitexact"}
    if x264:
        options["x264-params"] = ":".join(f"{key}={value}" for key, value in x264.items())
    return options


def _failed(error: Exception) -> StorageFailed:
    reason = getattr(error, "strerror", None) or type(error).__name__
    return StorageFailed(f"The clip could not be written: {reason}.")
