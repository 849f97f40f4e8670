"""The Hugging Face hub as a source of single files: what a file is, and its bytes from any position on.

Protocol: https://huggingface.co/docs/hub/models-downloading and the headers that its own client reads. A `resolve`
address answers HEAD with `X-Repo-Commit`, `X-Linked-Etag` (for large files their SHA-256) and `X-Linked-Size`, and GET
with a redirect to where the bytes are. Its own client is not used, because it forgets what it has of a file when it is
interrupted (huggingface_hub 2.4), and these files are large.
"""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Self
from urllib.parse import quote

import httpx
import msgspec

from understudy.errors import FetchFailed

PUBLIC: Final = "https://huggingface.co"

_REDIRECTS: Final = 5
_TRANSIENT: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_SHA256: Final = re.compile("[0-9a-f]{64}")


class Interrupted(FetchFailed):
    """The connection broke or the hub is busy: trying again may help."""


class HubFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file of one commit."""

    repository: str
    commit: str
    path: str
    size: int
    """In bytes."""
    etag: str
    """Changes with the content."""

    @property
    def sha256(self) -> str:
        """The hash of its content, in hexadecimal, or "" if the hub does not say: it does for large files."""
        return self.etag if _SHA256.fullmatch(self.etag) else ""


def endpoint_of(environ: Mapping[str, str]) -> str:
    """The hub's address: `HF_ENDPOINT`, as all its clients have it, or the public one."""
    return (environ.get("HF_ENDPOINT") or PUBLIC).rstrip("/")


def token_of(environ: Mapping[str, str]) -> str:
    """The user's token for the hub: `HF_TOKEN`, or what `hf auth login` has kept; "" if there is none."""
    if token := environ.get("HF_TOKEN", "").strip():
        return token
    home = Path(environ.get("HF_HOME") or Path(environ.get("HOME") or Path.home(), ".cache", "huggingface"))
    try:
        return Path(environ.get("HF_TOKEN_PATH") or home / "token").expanduser().read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""


class Hub:
    """A client of the hub, as a context manager."""

    def __init__(self, endpoint: str = PUBLIC, *, token: str = "", timeout: float = 30) -> None:
        """`timeout`: seconds of silence after which a connection counts as broken."""
        self._endpoint = endpoint
        headers = {"Accept-Encoding": "identity"}  # ranges of a compressed file would be of no use
        if token:
            headers["Authorization"] = f"Bearer {token}"
        # httpx keeps the token from other hosts, such as the one that a redirect to the bytes leads to.
        self._client = httpx.Client(headers=headers, timeout=timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def describe(self, repository: str, path: str, revision: str = "main") -> HubFile:
        """What the file is at a branch, tag or commit.

        Raises `FetchFailed`, as `Interrupted` where trying again may help.
        """
        url = httpx.URL(self._address(repository, path, revision))
        commit = ""
        for _ in range(_REDIRECTS):
            answer = self._head(url)
            commit = commit or answer.headers.get("X-Repo-Commit", "")
            target = answer.headers.get("Location", "")
            # A relative one leads to where the repository is now; an absolute one to the bytes, which know less.
            if not answer.is_redirect or "://" in target or "X-Linked-Size" in answer.headers:
                break
            url = url.join(target)
        if answer.is_error:
            raise self._refusal(answer, repository, path, revision)
        etag = answer.headers.get("X-Linked-Etag") or answer.headers.get("ETag", "")
        # The length of a redirect is not that of the file.
        own = "" if answer.is_redirect else answer.headers.get("Content-Length", "")
        size = answer.headers.get("X-Linked-Size") or own
        if not (commit and etag and size.isdecimal()):
            raise FetchFailed(
                f"{self._endpoint} does not answer as a Hugging Face hub does. Look at HF_ENDPOINT and at"
                " the proxies on the way."
            )
        return HubFile(
            repository=repository,
            commit=commit,
            path=path,
            size=int(size),
            etag=etag.removeprefix("W/").strip('"'),
        )

    @contextmanager
    def read(self, file: HubFile, start: int = 0) -> Iterator[tuple[int, Iterator[bytes]]]:
        """The file's bytes from `start` on, and where they really start: at 0 if the hub can give the whole only.

        Raises `FetchFailed`, as `Interrupted` where trying again may help, also while the bytes come.
        """
        url = self._address(file.repository, file.path, file.commit)
        headers = {"Range": f"bytes={start}-"} if start else {}
        try:
            with self._client.stream("GET", url, headers=headers, follow_redirects=True) as answer:
                if answer.is_error:
                    raise self._refusal(answer, file.repository, file.path, file.commit)
                partial = answer.status_code == httpx.codes.PARTIAL_CONTENT
                yield start if partial else 0, answer.iter_raw()
        except httpx.HTTPError as error:
            raise self._broken(error) from error

    def _head(self, url: httpx.URL) -> httpx.Response:
        try:
            return self._client.head(url)
        except httpx.HTTPError as error:
            raise self._broken(error) from error

    def _address(self, repository: str, path: str, revision: str) -> str:
        return f"{self._endpoint}/{repository}/resolve/{quote(revision, safe='')}/{quote(path)}"

    def _broken(self, error: httpx.HTTPError) -> Interrupted:
        reason = str(error) or type(error).__name__
        return Interrupted(
            f"The connection to {self._endpoint} failed ({reason}). The same command goes on where it stopped."
        )

    def _refusal(self, answer: httpx.Response, repository: str, path: str, revision: str) -> FetchFailed:
        code, status = answer.headers.get("X-Error-Code", ""), answer.status_code
        page = f"{self._endpoint}/{repository}"
        if code == "GatedRepo":
            return FetchFailed(
                f"{repository} is open only to those who accept its terms: do so at {page}, then run"
                " `hf auth login` or set HF_TOKEN."
            )
        if code == "RevisionNotFound":
            return FetchFailed(f"{repository} has no revision {revision!r}; {page} shows those that it has.")
        if code == "EntryNotFound":
            return FetchFailed(f"{repository} has no file {path} (any more), at revision {revision!r}.")
        if code == "RepoNotFound" or status in (401, 404):
            return FetchFailed(
                f"{repository} does not exist at {self._endpoint} or is not open to you: if {page} shows it,"
                " run `hf auth login` or set HF_TOKEN."
            )
        kind = Interrupted if status in _TRANSIENT else FetchFailed
        return kind(f"{self._endpoint} refused {repository}/{path} (HTTP {status}).")


def hub_of_user() -> Hub:
    """The hub that this user's environment names."""
    return Hub(endpoint_of(os.environ), token=token_of(os.environ))
