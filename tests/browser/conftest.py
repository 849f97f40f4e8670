"""A browser, and a server with its own data folder, for the tests of this folder; nothing where no Chromium is."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import NAMED, NoChromium, chromium
from tests.browser.studio import CONFIG, Studio
from understudy.testing.live import Live, live

# Playwright's loop runs in this thread while its browser is open, so the browser is closed when a worker turns to the
# asynchronous tests of other folders.


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    try:
        with chromium() as opened:
            expect.set_options(timeout=20_000)
            yield opened
    except NoChromium as reason:
        if NAMED in os.environ:
            pytest.fail(str(reason))
        pytest.skip(str(reason))


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with live(tmp_path_factory.mktemp("studio"), engine="animatic", config=CONFIG) as running:
        yield running


@pytest.fixture(scope="package")
def open_studio(server: Live, browser: Browser) -> Studio:
    studio = Studio(server, browser)
    studio.invite("Ada")
    return studio


@pytest.fixture
def studio(open_studio: Studio) -> Iterator[Studio]:
    """Every page of it is held to the same rules at the end: no complaints, no failed requests, no other host."""
    yield open_studio
    if complaints := open_studio.close_pages():
        pytest.fail("\n".join(complaints), pytrace=False)


@pytest.fixture
def page(studio: Studio) -> Page:
    """The operator's, on a desktop."""
    return studio.page("Ada")
