"""What a media file holds, as ffprobe would say it: its container, streams, length and tags."""

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from understudy.errors import MediaRefused
from understudy.files.sniff import EVERYTHING, MediaType, accept_file

if TYPE_CHECKING:
    import av
    from av.container import InputContainer


class VideoStream(msgspec.Struct, frozen=True, kw_only=True):
    """Moving pictures, or the one of a picture file."""

    codec: str
    width: int
    height: int
    pix_fmt: str
    fps: Fraction | None = None
    """Frames a second, exact; None for a picture."""
    frames: int | None = None
    """None if the container does not tell."""
    duration: float | None = None


class AudioStream(msgspec.Struct, frozen=True, kw_only=True):
    """Sound."""

    codec: str
    rate: int
    """Samples a second."""
    channels: int
    layout: str
    duration: float | None = None


class Probe(msgspec.Struct, frozen=True, kw_only=True):
    """One media file. Times in seconds, sizes in bytes."""

    content_type: str
    container: str
    """ffmpeg's name of the demuxer, such as `mov` or `matroska`."""
    duration: float | None
    """None for a picture."""
    bit_rate: int | None
    """Bits a second, of the whole file."""
    size: int
    video: tuple[VideoStream, ...]
    audio: tuple[AudioStream, ...]
    tags: dict[str, str]


# The one demuxer that may read each type. Left to choose, ffmpeg would also take playlists and lists of files, and
# open whatever address or path they name.
_DEMUXER: Final = {
    "image/jpeg": "jpeg_pipe",
    "image/png": "png_pipe",
    "image/gif": "gif",
    "image/webp": "webp_pipe",
    "image/bmp": "bmp_pipe",
    "image/avif": "mov",
    "video/mp4": "mov",
    "video/quicktime": "mov",
    "video/webm": "matroska",
    "video/x-matroska": "matroska",
    "audio/wav": "wav",
    "audio/mpeg": "mp3",
    "audio/flac": "flac",
    "audio/ogg": "ogg",
    "audio/mp4": "mov",
    "audio/aac": "aac",
}
_MICROSECONDS: Final = 1_000_000


def probe(path: Path) -> Probe:
    """Read the headers of the file at `path`; a picture counts as a video stream of one frame. Blocking, quick.

    Raises `MediaRefused` if it is not one of the accepted types, damaged, or has no stream of its type's kind.
    """
    media = accept_file(path, EVERYTHING)
    with opened(path, media) as container:
        return probed(container, path, media)


def probed(container: "InputContainer", path: Path, media: MediaType) -> Probe:
    """`probe` of a file that is open already."""
    still = media.kind == "image"
    video = tuple(_video(stream, still) for stream in container.streams.video if _is_content(stream))
    audio = tuple(_audio(stream) for stream in container.streams.audio if _is_content(stream))
    if not (audio if media.kind == "audio" else video):
        raise MediaRefused(f"The {media.kind} file is damaged or incomplete: it has no {media.kind} in it.")
    size = path.stat().st_size
    duration = None if still or container.duration is None else container.duration / _MICROSECONDS
    return Probe(
        content_type=media.content_type,
        container=container.format.name,
        duration=duration,
        bit_rate=round(size * 8 / duration) if duration else None,
        size=size,
        video=video,
        audio=audio,
        tags=dict(container.metadata),
    )


@contextmanager
def opened(path: Path, media: MediaType) -> "Iterator[InputContainer]":
    """The file open for reading, by the demuxer of its type alone. What PyAV raises becomes `MediaRefused`."""
    import av

    try:
        # An absolute path, so that no name is taken for a protocol; and no other file is opened by it.
        with av.open(
            str(path.absolute()),
            format=_DEMUXER[media.content_type],
            container_options={"protocol_whitelist": "file"},
            metadata_errors="replace",
        ) as container:
            yield container
    except (av.error.FFmpegError, ValueError, EOFError) as error:
        raise MediaRefused(f"The {media.kind} file is damaged or incomplete.") from error


def _video(stream: "av.VideoStream", still: bool) -> VideoStream:
    return VideoStream(
        codec=stream.codec_context.codec.canonical_name,
        width=stream.width,
        height=stream.height,
        pix_fmt=stream.pix_fmt or "",
        fps=None if still else _fraction(stream.average_rate),
        frames=1 if still else stream.frames or None,
        duration=None if still else _seconds(stream),
    )


def _audio(stream: "av.AudioStream") -> AudioStream:
    return AudioStream(
        codec=stream.codec_context.codec.canonical_name,
        rate=stream.rate,
        channels=stream.channels,
        layout=stream.codec_context.layout.name,
        duration=_seconds(stream),
    )


def _is_content(stream: "av.stream.Stream") -> bool:
    """Whether a stream can be decoded here, and is not the cover of a sound file."""
    # PyAV gives None, against its own annotation, where the codec is not known.
    known: object = stream.codec_context
    return known is not None and "attached_pic" not in (stream.disposition.name or "")


def _seconds(stream: "av.stream.Stream") -> float | None:
    if stream.duration is None or stream.time_base is None:
        return None
    return float(stream.duration * stream.time_base)


def _fraction(rate: Fraction | None) -> Fraction | None:
    # PyAV's own rational type in its newer releases: the same attributes, but not a number to the rest of Python.
    return Fraction(rate.numerator, rate.denominator) if rate else None
