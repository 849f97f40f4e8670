"""Style sheets, scripts and icons: few and small, so they are read once, and named by their content."""

import hashlib
from functools import cached_property
from importlib import resources
from importlib.resources.abc import Traversable

from starlette.responses import Response

_TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "woff2": "font/woff2",
    "LICENSE": "text/plain; charset=utf-8",
}
_A_YEAR = "public, max-age=31536000, immutable"


class StaticFiles:
    """The files in `static/`. Scripts import each other by their plain names, so all of them share one version."""

    # When somebody looks: a server for programs alone does without them.
    @cached_property
    def _files(self) -> dict[str, bytes]:
        return dict(_found(resources.files(__package__) / "static", ""))

    @cached_property
    def _version(self) -> str:
        digest = hashlib.sha256()
        for name in sorted(self._files):
            digest.update(name.encode() + b"\0" + self._files[name])
        return digest.hexdigest()[:12]

    def url(self, name: str) -> str:
        """Where a file is; another content has another address. Raises KeyError for a file that is not there."""
        assert name in self._files, name
        return f"/static/{self._version}/{name}"

    def answer(self, version: str, name: str) -> Response | None:
        """The file, if it is there. An older version's address leads to the present one, to be asked again soon."""
        content = self._files.get(name)
        if content is None:
            return None
        return Response(
            content,
            media_type=_TYPES.get(name.rpartition(".")[2], "application/octet-stream"),
            headers={
                "cache-control": _A_YEAR if version == self._version else "no-cache",
                "x-content-type-options": "nosniff",
            },
        )


def _found(folder: Traversable, prefix: str) -> "list[tuple[str, bytes]]":
    files = []
    for entry in folder.iterdir():
        name = f"{prefix}{entry.name}"
        files += _found(entry, f"{name}/") if entry.is_dir() else [(name, entry.read_bytes())]
    return files
