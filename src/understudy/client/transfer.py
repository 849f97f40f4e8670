"""Bringing a file here: a temporary name first, then the real one. What the two clients share of it."""

import re
import secrets
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from understudy.client.errors import DownloadFailed
from understudy.client.records import Output

ATTEMPTS = 5
"""Connections in a row that may bring nothing."""
_RANGE = re.compile(r"bytes (\d+)-")


def safe_name(output: Output) -> str:
    """A file name without folders, from the output's name or address."""
    name = output.name or unquote(PurePosixPath(urlsplit(output.url).path).name)
    name = name.replace("\\", "/").rsplit("/", 1)[-1].lstrip(".")
    return re.sub(r"[\x00-\x1f]", "", name) or "output"


class Transfer:
    """One download, over as many connections as it takes.

    Ask with `headers()`, `begin()` with the answer, `write()` its bytes; after a break, ask again. `finish()` gives
    the file its name, `abandon()` takes it away.
    """

    def __init__(self, output: Output, to: Path) -> None:
        """`to` is a file, or an existing folder for a file of the output's own name."""
        self.target = to / safe_name(output) if to.is_dir() else to
        self.url = output.url
        self._expected = output.size
        self._etag = ""
        self._failures = 0
        self._reached = 0
        self._partial = self.target.with_name(f".{self.target.name}.{secrets.token_hex(4)}.part")
        try:
            self.target.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._partial.open("xb")
        except OSError as error:
            raise DownloadFailed(f"{self.target} cannot be written: {error.strerror}.") from error

    def headers(self) -> dict[str, str]:
        """What to ask with: the rest, if a part is here and the file can be told to be the same."""
        got = self._file.tell()
        rest = {"Range": f"bytes={got}-", "If-Range": self._etag} if got and self._etag else {}
        return {"Accept-Encoding": "identity", **rest}

    def begin(self, status: int, headers: Mapping[str, str]) -> None:
        """An answer has come. Raises `DownloadFailed` if it is not the file."""
        if status not in (200, 206):
            raise DownloadFailed(f"{self.target.name} could not be downloaded: HTTP {status}.")
        found = _RANGE.match(headers.get("content-range", "")) if status == 206 else None
        start = int(found[1]) if found else 0
        if start > self._file.tell():
            raise DownloadFailed(f"{self.target.name} could not be downloaded: the server left out a part.")
        self._file.seek(start)
        self._file.truncate()
        etag = headers.get("etag", "")
        self._etag = "" if etag.startswith("W/") else etag
        length = headers.get("content-length", "")
        if length.isdigit() and "content-encoding" not in headers:
            self._expected = start + int(length)

    def lost(self) -> None:
        """The connection broke, or the server is busy.

        Raises `DownloadFailed` if too many connections in a row brought nothing.
        """
        got = self._file.tell()
        self._failures = 0 if got > self._reached else self._failures + 1
        self._reached = max(got, self._reached)
        if self._failures >= ATTEMPTS:
            # The host alone: who knows the whole address may read the file.
            raise DownloadFailed(
                f"{self.target.name} could not be downloaded: connections to {urlsplit(self.url).netloc} kept failing."
            )

    def write(self, chunk: bytes) -> None:
        """The next bytes. Raises `DownloadFailed` if the disk does not take them."""
        try:
            self._file.write(chunk)
        except OSError as error:
            raise DownloadFailed(f"{self.target} cannot be written: {error.strerror}.") from error

    def finish(self) -> Path:
        """The whole file under its name. Raises `DownloadFailed` if it is not whole."""
        got = self._file.tell()
        if self._expected and got != self._expected:
            raise DownloadFailed(f"{self.target.name} is not whole: {got} of {self._expected} bytes arrived.")
        try:
            self._file.close()
            self._partial.replace(self.target)
        except OSError as error:
            raise DownloadFailed(f"{self.target} cannot be written: {error.strerror}.") from error
        return self.target

    def abandon(self) -> None:
        """Leave nothing behind; after `finish` there is nothing to leave."""
        self._file.close()
        self._partial.unlink(missing_ok=True)
