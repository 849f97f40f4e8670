"""One real server, one real browser, and people who sit in front of it."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.witness import Witness
from understudy.client import Client
from understudy.testing.live import Live, clean_environment

PASSWORD = "correct horse battery"
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
MODELS = Path(__file__).parent / "models"
CONFIG = f"""
manifests = ["{MODELS}"]
cast."acme/stubborn" = ["trouble"]
engine.trouble.replicas = 2
server.allow_addresses = ["127.0.0.1"]
"""


class Studio:
    """Contexts are made for one test, and closed with it; what people have made stays."""

    def __init__(self, server: Live, browser: Browser) -> None:
        self.server = server
        self.browser = browser
        self._cookies: dict[str, Any] = {}
        self._open: list[tuple[BrowserContext, Witness]] = []

    def page(self, person: str = "", **options: Any) -> Page:
        """An empty page in a browser of somebody's own, signed in unless nobody is named."""
        state = {"cookies": [self._signed_in(person)], "origins": []} if person else None
        settings: dict[str, Any] = {"viewport": DESKTOP, "base_url": self.server.url, "locale": "en-GB"}
        context = self.browser.new_context(**settings | {"storage_state": state} | options)
        context.set_default_timeout(20_000)
        self._open.append((context, Witness(context, self.server.url)))
        return context.new_page()

    def witness(self, page: Page) -> Witness:
        """Who watches the page."""
        return next(witness for context, witness in self._open if context is page.context)

    def close_pages(self) -> list[str]:
        """Ends every context; what their pages did and must not."""
        complaints = []
        for context, witness in self._open:
            complaints += witness.complaints
            context.close()
        self._open.clear()
        return complaints

    def client(self) -> Client:
        """The default project, as a program."""
        return Client(data=self.server.data, environ={})

    def invite(self, name: str, *options: str) -> None:
        """Let somebody in, by the command line."""
        command = [sys.executable, "-m", "understudy", "users", "create", name, *options]
        subprocess.run(
            [*command, "--data", str(self.server.data)],
            input=f"{PASSWORD}\n",
            text=True,
            capture_output=True,
            env=clean_environment(),
            check=True,
        )

    def _signed_in(self, person: str) -> dict[str, Any]:
        """The session's cookie; signing in by hand has its own tests."""
        if person not in self._cookies:
            with httpx.Client(base_url=self.server.url, headers={"sec-fetch-site": "same-origin"}) as client:
                answer = client.post("/sign-in", data={"name": person, "password": PASSWORD})
                assert answer.status_code == 303, answer.text
                ((name, value),) = client.cookies.items()
            self._cookies[person] = {
                "name": name,
                "value": value,
                "url": self.server.url,
                "httpOnly": True,
                "sameSite": "Lax",
            }
        return self._cookies[person]
