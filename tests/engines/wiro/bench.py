"""What the tests of this engine share: a partner with real tools, and jobs to give it."""

import io
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from PIL import Image

from understudy.engines.engine import Job
from understudy.engines.partner import Tools
from understudy.engines.wiro.partner import Wiro, connect
from understudy.files.address import AddressGuard
from understudy.files.outbound import Outbound
from understudy.files.sniff import EVERYTHING

SORA: Mapping[str, str] = {
    "prompt": "A dog.\nIt barks: “Wuff”.",
    "seconds": "4",
    "resolution": "720p",
    "ratio": "auto",
}


def tools(clock: Callable[[], float]) -> Tools:
    """The guarded fetch that the server lends, with this machine opened."""
    outbound = Outbound(AddressGuard(["127.0.0.1"]), read_timeout=2)

    async def fetch(url: str, to: Path, headers: Mapping[str, str]) -> None:
        assert not headers
        await outbound.get_to_file(url, to, max_bytes=10_000_000, kinds=EVERYTHING)

    return Tools(fetch=fetch, clock=clock)


@asynccontextmanager
async def connected(clock: Callable[[], float], **options: object) -> AsyncIterator[Wiro]:
    """A partner; closed at the end."""
    partner = connect(options, tools(clock))
    try:
        yield partner
    finally:
        await partner.close()


def job(
    folder: Path, model: str = "openai/sora-2-pro", files: Mapping[str, Any] | None = None, **values: Any
) -> Job:
    """A run of Sora's contract, unless told otherwise."""
    given = {**SORA, **values} if model == "openai/sora-2-pro" else values
    return Job(id="1", model=model, values=given, files=dict(files or {}), seed=77, folder=str(folder))


def picture(folder: Path, size: tuple[int, int] = (320, 180), name: str = "given.png") -> str:
    """Path of a picture."""
    folder.mkdir(exist_ok=True)
    file = io.BytesIO()
    Image.new("RGB", size, "teal").save(file, "PNG")
    path = folder / name
    path.write_bytes(file.getvalue())
    return str(path)
