"""Pictures on their way to Google, clips on their way back: bytes within answers, and what is done to them here."""

import asyncio
import base64
import binascii
import io
from pathlib import Path
from typing import Final, Generic, TypeVar

import msgspec

from understudy.errors import EngineInputError, MediaRefused, ResultLost
from understudy.files.probe import opened, probe
from understudy.files.sniff import JPEG, PICTURES, PNG, Kind, accept_file

MOST_PICTURE_BYTES: Final = 20_000_000
"""Veo takes JPEG or PNG up to 20 MB (Google Cloud, Veo API)."""

_VIDEOS: Final[tuple[Kind, ...]] = ("video",)
_QUALITIES: Final = (95, 85, 70)
_SMALLER: Final = 0.7
T = TypeVar("T")

# A multiple of four characters, which are three bytes: short enough that other threads get their turn.
_PIECE: Final = 1024 * 1024


class Picture(msgspec.Struct, frozen=True):
    """An input picture as it stands in a request."""

    data: str
    """Base64."""
    content_type: str


def picture(path: str, most: int = MOST_PICTURE_BYTES) -> Picture:
    """The picture at `path`: itself if it is a JPEG or PNG of `most` bytes or less, otherwise a JPEG made of it. Blocking.

    Raises `EngineInputError` if it cannot be read.
    """
    try:
        media = accept_file(Path(path), PICTURES)
        content = Path(path).read_bytes() if Path(path).stat().st_size <= most else b""
        if not content or media not in (JPEG, PNG):
            media, content = JPEG, _jpeg(path, most)
    except (OSError, MediaRefused) as error:
        raise EngineInputError("The input picture cannot be read.") from error
    return Picture(base64.b64encode(content).decode("ascii"), media.content_type)


def save(data: str, path: Path) -> None:
    """Write a clip that came as base64 to `path`. Blocking. Raises `ResultLost` if it is no clip."""
    try:
        with path.open("wb") as file:
            for start in range(0, len(data), _PIECE):
                file.write(binascii.a2b_base64(data[start : start + _PIECE], strict_mode=True))
    except ValueError as error:
        raise ResultLost("The partner's result is damaged: it is no base64.") from error
    must_be_clip(path)


def must_be_clip(path: Path) -> None:
    """Raise `ResultLost` if the file at `path` has no moving pictures in it. Blocking."""
    try:
        found = probe(path)
    except MediaRefused as error:
        raise ResultLost(f"The partner's result cannot be used: {error}") from error
    if not found.content_type.startswith("video/"):
        raise ResultLost(f"The partner's result is no video but {found.content_type}.")


def silence(path: Path) -> None:
    """Take the sound out of the clip at `path`; its pictures stay as they are, bit for bit. Blocking.

    Raises `ResultLost` if it cannot be read.
    """
    import av

    silent = path.with_name(f".{path.name}.silent")
    try:
        with (
            opened(path, accept_file(path, _VIDEOS)) as heard,
            av.open(str(silent.absolute()), "w", format="mp4", options={"movflags": "+faststart"}) as made,
        ):
            seen = heard.streams.video[0]
            copy = made.add_stream_from_template(seen)
            for packet in heard.demux(seen):
                if packet.dts is not None:
                    packet.stream = copy
                    made.mux(packet)
        silent.replace(path)
    except (MediaRefused, IndexError) as error:
        raise ResultLost(f"The partner's result cannot be used: {error}") from error
    finally:
        silent.unlink(missing_ok=True)


class Latest(Generic[T]):
    """The one answer that was read last, for the step that follows; forgotten after `seconds`.

    Whether a job is over and what it made are one and the same answer: without this it would come twice.
    """

    def __init__(self, seconds: float = 20.0) -> None:
        self._seconds = seconds
        self._kept: tuple[str, T] | None = None
        self._end: asyncio.TimerHandle | None = None

    def keep(self, id: str, answer: T) -> None:
        """In place of what was kept before."""
        self.drop()
        self._kept = (id, answer)
        self._end = asyncio.get_running_loop().call_later(self._seconds, self.drop)

    def take(self, id: str) -> T | None:
        """The answer, which is forgotten with it; None if another one is kept, or none."""
        if self._kept is None or self._kept[0] != id:
            return None
        answer = self._kept[1]
        self.drop()
        return answer

    def drop(self) -> None:
        """Keep nothing."""
        self._kept = None
        if self._end is not None:
            self._end.cancel()
            self._end = None


def _jpeg(path: str, most: int) -> bytes:
    from PIL import Image

    with Image.open(path) as image:
        image.load()
        ready = image.convert("RGB")
    while True:
        for quality in _QUALITIES:
            made = io.BytesIO()
            ready.save(made, "JPEG", quality=quality, subsampling="4:4:4")
            if made.tell() <= most:
                return made.getvalue()
        ready = ready.resize((max(1, int(ready.width * _SMALLER)), max(1, int(ready.height * _SMALLER))))
