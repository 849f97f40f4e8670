"""The system's Chromium, as tests and screenshots start it: nothing is downloaded, nothing leaves this machine."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

NAMED = "UNDERSTUDY_CHROMIUM"
"""Environment: the program to take. Where it is set, tests fail without a browser instead of being left out."""
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FLAGS = (
    "--no-sandbox",  # it does not start for root otherwise; all that it shows is our own
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--mute-audio",
    "--autoplay-policy=no-user-gesture-required",
    # Names lead nowhere. What a page asks of another host is noticed by the tests, and does not reach it.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


class NoChromium(Exception):
    """There is none; says what to do."""


def find_chromium() -> str:
    """The program's path. Raises `NoChromium`."""
    named = os.environ.get(NAMED)
    for name in (named,) if named else _NAMES:
        if found := shutil.which(name):
            return found
    if named:
        raise NoChromium(f"{NAMED} names {named!r}, and there is no such program.")
    raise NoChromium(f"No Chromium is installed (apt install chromium), or {NAMED} has to say where it is.")


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser without a window. Raises `NoChromium`."""
    path = find_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(_FLAGS))
        try:
            yield browser
        finally:
            browser.close()
