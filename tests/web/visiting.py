"""The dashboard and the API beside it, on real parts, and visitors with cookies."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import msgspec

from tests.api.served import BASE, Served, serving
from understudy.api.app import create_app
from understudy.engines.cast import Cast
from understudy.engines.registry import load_engines
from understudy.tasks.accounts.accounts import Accounts
from understudy.tasks.accounts.passwords import Passwords
from understudy.tasks.operations.decisions import Decisions
from understudy.tasks.operations.reports import Reports
from understudy.tasks.vault import Vault
from understudy.web.parts import WebParts
from understudy.web.proof import Proof
from understudy.web.site import Site

SECRET = "correct horse battery"
PAGE = {"accept": "text/html,application/xhtml+xml"}
_FORM_TOKEN = re.compile(r'<meta name="form-token" content="(\w+)">')


class House(msgspec.Struct, kw_only=True):
    """What is open to visitors."""

    served: Served
    web: WebParts
    app: Any

    def visitor(self, **more: Any) -> "Visitor":
        """Somebody with a browser of their own."""
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app, raise_app_exceptions=True),
            base_url=BASE,
            headers=PAGE | {"sec-fetch-site": "same-origin"},
            **more,
        )
        return Visitor(client)

    async def operator(self, name: str = "Ada") -> "Visitor":
        """Somebody who may do everything."""
        await self.web.accounts.create(name, "operator", password=SECRET)
        return await self.visitor().signed_in(name)

    async def maker(self, project: int, name: str = "Max") -> "Visitor":
        """Somebody who works in one project."""
        await self.web.accounts.create(name, "maker", project=project, password=SECRET)
        return await self.visitor().signed_in(name)


class Visitor:
    """A browser, as far as the server can tell."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.form_token = ""

    async def signed_in(self, name: str) -> "Visitor":
        answer = await self.client.post("/sign-in", data={"name": name, "password": SECRET})
        assert answer.status_code == 303, answer.text
        found = _FORM_TOKEN.search((await self.client.get("/")).text)
        assert found is not None
        self.form_token = found[1]
        return self

    async def get(self, path: str, **more: Any) -> httpx.Response:
        return await self.client.get(path, **more)

    async def send(self, path: str, **fields: str) -> httpx.Response:
        """A form of one of our pages."""
        return await self.client.post(path, data={"form_token": self.form_token, **fields})

    async def ask(self, path: str, **more: Any) -> httpx.Response:
        """What a page's script asks the API."""
        return await self.client.post(path, headers={"x-form-token": self.form_token}, **more)


@asynccontextmanager
async def open_house(folder: Path) -> AsyncIterator[House]:
    async with serving(folder) as served:
        parts = served.parts
        engines = load_engines(("understudy.testing.instant:engine",))
        cast = Cast(engines, {"*": ("instant",)}, {}, data=folder)
        decisions = Decisions(parts.store, parts.catalogue, cast, parts.clock)
        await decisions.start()
        web = WebParts(
            accounts=Accounts(
                parts.store, Vault(bytes(32)), parts.clock, Passwords(operations=1, memory=8192)
            ),
            catalogue=parts.catalogue,
            cast=cast,
            desk=parts.desk,
            store=parts.store,
            projects=parts.projects,
            decisions=decisions,
            reports=Reports(parts.store, parts.clock),
            clock=parts.clock,
            base_url=BASE,
        )
        app = create_app(msgspec.structs.replace(parts, web=Site(web), signed_in=Proof(web)))
        yield House(served=served, web=web, app=app)


class Markup(HTMLParser):
    """What of a page could run: scripts in it, handlers, styles, addresses of scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.live: list[str] = []
        self.loaded: list[str] = []
        self._in_script = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        if tag in ("script", "style") and "src" not in named:
            self.live.append(f"<{tag}>")
        for name, value in named.items():
            if name.startswith("on") or name == "style" or value.lower().strip().startswith("javascript:"):
                self.live.append(f"{tag} {name}={value}")
            if name in ("src", "href", "action") and "//" in value:
                self.loaded.append(value)
