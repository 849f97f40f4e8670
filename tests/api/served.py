"""The whole API on real parts: SQLite, a storage folder, the bundled catalogue. Only nothing takes tasks up."""

import hashlib
import hmac
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
from PIL import Image

from understudy.api.app import create_app
from understudy.api.parts import Limits, Parts
from understudy.catalogue.loader import load_catalogue
from understudy.errors import AddressRefused
from understudy.files.folder import FolderStorage
from understudy.files.weburl import parse_url
from understudy.tasks.desk import Desk
from understudy.tasks.events import Events
from understudy.tasks.projects import Credentials, Projects
from understudy.tasks.records import Task
from understudy.tasks.shelf import FolderNotes, Shelf
from understudy.tasks.store.sqlite.store import open_sqlite
from understudy.tasks.vault import Vault

BASE = "http://understudy.test"
NOW = 1_734_513_807.25
NONCE = "1734513807"
SORA = "/v1/Run/openai/sora-2-pro"
PROMPT = {"prompt": "A narrow dirt road."}

CATALOGUE = load_catalogue()


async def vet(url: str) -> None:
    """Refuses what a test calls private; nothing is resolved."""
    parse_url(url)
    if any(host in url for host in ("127.0.0.1", "10.0.0.", "169.254.", "localhost", "[::1]", "192.168.")):
        raise AddressRefused("The host of the address is in a network that this server does not reach.")


class Served:
    """An app, its parts, and a client that signs."""

    def __init__(self, parts: Parts, owner: Credentials, client: httpx.AsyncClient, app: Any) -> None:
        self.parts = parts
        self.owner = owner
        self.client = client
        self.app = app

    def headers(self, owner: Credentials | None = None, nonce: str = NONCE) -> dict[str, str]:
        return signed(owner or self.owner, nonce)

    async def post(self, path: str, json: Any = None, **more: Any) -> httpx.Response:
        """A signed POST; `headers` are laid over those of the signature."""
        headers = self.headers() | more.pop("headers", {})
        if json is not None:
            more["json"] = json
        return await self.client.post(path, headers=headers, **more)

    async def run(self, **fields: Any) -> tuple[str, str]:
        """A new task's id and token."""
        answer = (await self.post(SORA, PROMPT | fields)).json()
        assert answer["result"], answer
        return answer["taskid"], answer["socketaccesstoken"]

    async def tasks(self) -> list[Task]:
        return (await self.parts.store.tasks(self.owner.project.id, limit=100))[1]

    def left_behind(self) -> list[str]:
        """Files in the incoming folder."""
        return [path.name for path in self.parts.incoming.iterdir()]


def signed(owner: Credentials, nonce: str = NONCE) -> dict[str, str]:
    digest = hmac.new(owner.api_key.encode(), (owner.api_secret + nonce).encode(), hashlib.sha256).hexdigest()
    return {"x-api-key": owner.api_key, "x-nonce": nonce, "x-signature": digest}


@asynccontextmanager
async def serving(folder: Path, **changes: Any) -> AsyncIterator[Served]:
    """Everything in `folder`; `changes` are laid over the parts, `limits` over the limits."""
    store = await open_sqlite(folder / "understudy.db")
    storage = FolderStorage(folder / "files")
    incoming = folder / "incoming"
    incoming.mkdir()

    def clock() -> float:
        return NOW

    events = Events()
    notes = folder / "shelving"
    notes.mkdir()
    desk = Desk(
        store=store,
        shelf=Shelf(store=store, storage=storage, notes=FolderNotes(notes)),
        events=events,
        vet=vet,
        wake=lambda _: None,
        stop=lambda _: None,
        clock=clock,
        base_url=BASE,
        prepaid=changes.pop("prepaid", False),
    )
    projects = Projects(store, Vault(bytes(32)), clock)
    limits = msgspec.structs.replace(Limits(), **changes.pop("limits", {}))
    parts = msgspec.structs.replace(
        Parts(
            # Its own: operators' decisions change it.
            catalogue=load_catalogue(),
            desk=desk,
            store=store,
            storage=storage,
            projects=projects,
            events=events,
            clock=clock,
            base_url=BASE,
            incoming=incoming,
            limits=limits,
            remember_project_seconds=changes.pop("remember_project_seconds", 0.0),
        ),
        **changes,
    )
    app = create_app(parts)
    transport = httpx.ASGITransport(app, raise_app_exceptions=True)
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
        yield Served(parts, await projects.create("default"), client, app)
    await store.close()


def picture(width: int = 64, height: int = 36, kind: str = "PNG") -> bytes:
    """A small valid picture."""
    file = io.BytesIO()
    Image.new("RGB", (width, height), (90, 140, 200)).save(file, kind)
    return file.getvalue()
