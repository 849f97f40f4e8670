"""The form of a model and the page of a clip, as makers use them."""

import re
import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import FilePayload, Locator, Page, expect

from tests.api.served import picture
from tests.browser.studio import Studio

FLIPBOOK = "/models/acme/flipbook"
FILES = '[data-files="inputImage"]'
IN_HAND = """
([bytes, name]) => {
  const held = new DataTransfer();
  held.items.add(new File([new Uint8Array(bytes)], name, { type: "image/png" }));
  return held;
}
"""
COPIED = """
async (bytes) => {
  const picture = new Blob([new Uint8Array(bytes)], { type: "image/png" });
  await navigator.clipboard.write([new ClipboardItem({ "image/png": picture })]);
}
"""


@pytest.fixture
def pictures() -> Iterator[str]:
    """The address of a picture on another server."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "image/png")
            self.end_headers()
            self.wfile.write(picture())

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=partial(server.serve_forever, poll_interval=0.05))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/pier.png"
    server.shutdown()
    thread.join()
    server.server_close()


def make(page: Page) -> Locator:
    """Sends the form and waits for the clip."""
    page.get_by_role("button", name="Make the clip").click()
    video = page.locator("video.player")
    expect(video).to_be_visible(timeout=60_000)
    return video


@pytest.mark.parametrize("way", ["choose", "drop", "paste", "sample", "address"])
def test_a_picture(page: Page, way: str, pictures: str) -> None:
    page.goto(FLIPBOOK)
    box, chosen = page.locator(FILES), page.locator(f"{FILES} .chosen li")
    name = "pier.png"
    if way == "choose":
        box.locator('input[type="file"]').set_input_files(
            FilePayload(name=name, mimeType="image/png", buffer=picture())
        )
    elif way == "drop":
        held = page.evaluate_handle(IN_HAND, [list(picture()), name])
        box.dispatch_event("drop", {"dataTransfer": held})
    elif way == "paste":
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.evaluate(COPIED, list(picture()))
        box.get_by_label("Address of a picture").focus()
        page.keyboard.press("Control+V")
        name = "image.png"
    elif way == "sample":
        box.get_by_role("button", name="Use the sample").click()
        name = "openai_sora_pro_2_input_4.jpg"
    else:
        box.get_by_label("Address of a picture").fill(pictures)
        page.keyboard.press("Enter")
    expect(chosen).to_have_count(1)
    expect(chosen).to_contain_text(name)
    expect(chosen.locator("img")).to_have_count(
        0 if way == "address" else 1
    )  # what is elsewhere is not fetched
    if way != "address":
        assert chosen.locator("img").evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    page.get_by_text("The same from a program").click()
    expect(page.get_by_role("tabpanel").first).to_contain_text(name)
    make(page)
    expect(page.locator(".given img")).to_have_count(1)  # by now the server has it


def test_a_picture_is_taken_away_and_the_oldest_gives_way(page: Page) -> None:
    page.goto(FLIPBOOK)
    box, chosen = page.locator(FILES), page.locator(f"{FILES} .chosen li")
    for name in ("one.png", "two.png", "three.png"):
        box.locator('input[type="file"]').set_input_files(
            FilePayload(name=name, mimeType="image/png", buffer=picture())
        )
    expect(chosen).to_have_text([re.compile("two.png"), re.compile("three.png")])
    page.get_by_role("button", name="Remove two.png").click()
    expect(chosen).to_have_text([re.compile("three.png")])


def test_what_follows_from_the_inputs_is_there_at_once(page: Page) -> None:
    page.goto(FLIPBOOK)
    price, snippets = page.locator(".price"), page.get_by_role("tabpanel")
    expect(price).to_have_text("$0.10")
    page.get_by_role("radio", name="2").check()
    expect(price).to_have_text("$0.20")
    page.get_by_text("The same from a program").click()
    page.get_by_label("Prompt").fill("A pier at dawn, it's calm.")
    expect(snippets.first).to_contain_text("A pier at dawn")
    page.get_by_role("tab", name="Python").click()
    expect(page.get_by_role("tabpanel")).to_contain_text("A pier at dawn, it's calm.")
    page.get_by_label("What to avoid").fill("people")
    expect(page.get_by_role("tabpanel")).to_contain_text("people")
    expect(page.get_by_role("tab", name="Python")).to_have_attribute("aria-selected", "true")


def test_what_is_wrong_stands_beside_its_field(studio: Studio, page: Page) -> None:
    page.goto(FLIPBOOK)
    page.get_by_label("Prompt").fill("")
    studio.witness(page).expect(r"/v1/Run/acme/flipbook")
    page.get_by_role("button", name="Make the clip").click()
    expect(page.locator("#input-prompt-wrong")).to_be_visible()
    expect(page.get_by_label("Prompt")).to_be_focused()
    page.get_by_label("Prompt").fill("A road.")
    make(page)


def test_change_and_run_again(page: Page) -> None:
    page.goto(FLIPBOOK)
    page.get_by_label("Prompt").fill("A lighthouse at dusk.")
    page.get_by_role("radio", name="2").check()
    page.get_by_label("Seed").fill("77")
    make(page)
    first = page.url
    page.get_by_role("link", name="Change and run again").click()
    expect(page.get_by_text("Filled in with the inputs of")).to_be_visible()
    expect(page.get_by_label("Prompt")).to_have_value("A lighthouse at dusk.")
    expect(page.get_by_label("Seed")).to_have_value("77")
    expect(page.locator('[name="seconds"][value="2"]')).to_be_checked()
    page.get_by_label("Prompt").fill("A lighthouse at dawn.")
    make(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("A lighthouse at dawn.")
    assert page.url != first


def test_a_clip_is_followed_by_who_comes_back(studio: Studio, page: Page) -> None:
    page.goto("/models/acme/stubborn")
    page.get_by_label("Prompt").fill("[say Rolling.][sleep 4]")
    page.get_by_role("button", name="Make the clip").click()
    expect(page).to_have_url(re.compile(r"/clips/\d+$"))
    where = page.url
    page.goto("/")
    page.goto(where)
    page.get_by_text("Log", exact=True).click()
    expect(page.locator("[data-log]")).to_contain_text("Rolling.")
    other = studio.page("Ada")
    other.goto(where)
    for each in (page, other):
        expect(each.locator("[data-figures]")).to_have_text(re.compile(r"step \d+ of 400"))
    for each in (page, other):
        expect(each.locator("video.player")).to_be_visible()


def test_a_failure_says_why_and_offers_another_try(page: Page) -> None:
    page.goto("/models/acme/stubborn")
    page.get_by_label("Prompt").fill("[badinput The picture is too dark.]")
    page.get_by_role("button", name="Make the clip").click()
    ended = page.locator(".ended.failed")
    expect(ended.locator(".doing")).to_have_text("Failed")
    expect(ended).to_contain_text("The picture is too dark.")
    expect(page.get_by_role("link", name="Change and run again")).to_be_visible()


def test_a_link_to_share_the_file(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(FLIPBOOK)
    video = make(page)
    page.get_by_role("button", name="Copy the link").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == video.evaluate("video => video.src")
    assert page.context.request.get(copied).headers["content-type"] == "video/mp4"
