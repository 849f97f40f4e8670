"""Every page on a desktop and on a phone, light and dark: no barrier, nothing that hangs over, nobody else asked."""

import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page

from tests.browser.accessibility import barriers
from tests.browser.scene import scene
from tests.browser.studio import DESKTOP, PHONE, Studio
from understudy.web.site import PAGES

SIZES = {"desktop": DESKTOP, "phone": PHONE}
WIDTHS = (390, 600, 820, 1024, 1280, 1440, 1920)
STATES = ("done", "failed", "running", "waiting", "stopped")
# Pages that look different from one time to another; every other page is looked at once, by its address in the site's list.
SEVERAL = {
    "/models/{owner}/{slug}": ("/models/acme/flipbook", "/models/openai/sora-2-pro?from={done}"),
    "/clips": ("/clips", "/clips?q=nothing+of+the+kind", "/clips?stage=failed"),
    "/clips/{id}": tuple(f"/clips/{{{state}}}" for state in STATES),
    "/compare": ("/compare", "/compare?left={done}&right={other}"),
    "/operate/tasks": ("/operate/tasks", "/operate/tasks?stage=running"),
    "/operate/tasks/{id}": tuple(f"/operate/tasks/{{{state}}}" for state in STATES),
}
ANY = {"owner": "acme", "slug": "flipbook"}
READ = [page.path for page in PAGES if page.method == "GET" and page.needs != "nobody"]
ADDRESSES = [address for path in READ for address in SEVERAL.get(path, (path,))]
LAPTOP = 1280
CUT_OFF = """
() => [...document.querySelectorAll(".rows-box")]
  .filter((box) => box.checkVisibility() && box.scrollWidth > box.clientWidth + 1).map((box) => box.outerHTML.slice(0, 240))
"""
OVERHANG = """
() => [...document.querySelectorAll("body *")]
  .filter((part) => part.getBoundingClientRect().right > innerWidth + 1 && part.offsetParent)
  .slice(0, 5).map((part) => part.outerHTML.slice(0, 160))
"""


@pytest.fixture(scope="module")
def seen(open_studio: Studio) -> Iterator[dict[str, str]]:
    with scene(open_studio) as ids:
        yield ids


def look(page: Page) -> None:
    """At both sizes and in both themes; at more widths for what hangs over."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            pytest.fail(f"{page.url} is wider than {width} pixels: {page.evaluate(OVERHANG)}", pytrace=False)
        if width >= LAPTOP and (cut := page.evaluate(CUT_OFF)):
            pytest.fail(f"{page.url} cuts tables off at {width} pixels: {cut}", pytrace=False)
    for size, viewport in SIZES.items():
        page.set_viewport_size(viewport)
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            page.locator(f'html[data-theme="{theme}"]').wait_for()
            found = barriers(page, colours_alone=theme == "dark")
            if found:
                pytest.fail("\n".join((f"{page.url}, {size}, {theme}:", *found)), pytrace=False)


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page(studio: Studio, page: Page, seen: dict[str, str], address: str) -> None:
    kind = "done" if address.startswith(("/clips/", "/operate/tasks/")) else ""
    place = address.format_map(seen | ANY | {"id": seen.get(kind, "1")})
    with httpx.Client(base_url=studio.server.url) as client:
        assert client.get(place, headers={"accept": "text/html"}).status_code == 303, "it needs a session"
    if "<!doctype html>" not in page.request.get(place, headers={"accept": "text/html"}).text():
        return  # a part of another page, looked at there
    assert page.goto(place).ok
    look(page)


def test_the_door(studio: Studio) -> None:
    page = studio.page()
    page.goto("/")
    assert re.search("/sign-in$", page.url)
    look(page)
    studio.witness(page).expect("/sign-in")
    page.get_by_label("Name").fill("Nobody")
    page.get_by_label("Password").fill("wrong")
    page.keyboard.press("Enter")
    page.get_by_role("alert").wait_for()
    look(page)


def test_what_is_not_there(studio: Studio, page: Page) -> None:
    studio.witness(page).expect("/nowhere")
    page.goto("/nowhere")
    look(page)


NO_PLACE_TO_BREAK = "W" * 200


def test_names_that_cannot_be_broken_hang_over_nowhere(page: Page) -> None:
    page.goto("/operate/projects/new")
    page.get_by_label("Name").fill(NO_PLACE_TO_BREAK)
    page.get_by_role("button", name="Make the project").click()
    page.get_by_role("link", name="I have them, go on").click()
    page.get_by_role("heading", level=1, name=NO_PLACE_TO_BREAK).wait_for()
    own = page.url
    for address in (own, "/operate/projects", "/working-in", "/operate/users", "/operate/tasks"):
        page.goto(address)
        for width in (320, *WIDTHS):
            page.set_viewport_size({"width": width, "height": 900})
            assert not page.evaluate("document.documentElement.scrollWidth > innerWidth"), (
                f"{address}, {width}"
            )
