"""From the link that the server prints to a clip, and to a program that makes clips: one evening of somebody new."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.players import play
from tests.browser.studio import PASSWORD, Studio
from tests.server.patience import until
from understudy.testing.live import Live, clean_environment


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Live]:
    """A server that nobody has signed in to, started by hand: what it prints is in `server.log`."""
    printed = tmp_path / "server.log"
    command = [sys.executable, "-m", "understudy", "serve", "--port", "0", "--data", str(tmp_path / "data")]
    with printed.open("w") as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=subprocess.STDOUT, text=True, env=clean_environment()
        )
    running = Live(url="", data=tmp_path / "data", process=process)
    try:
        running.url = until(lambda: "".join(re.findall(r"listens on (http://\S+)", running.log)))
        yield running
        running.stop()
    finally:
        running.sigkill()


@pytest.fixture
def page(server: Live, browser: Browser) -> Iterator[Page]:
    studio = Studio(server, browser)
    page = studio.page()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    yield page
    assert studio.close_pages() == []


def test_a_newcomer(server: Live, page: Page, tmp_path: Path) -> None:
    (link,) = until(lambda: re.findall(r"sign in\s+(http://\S+#\S+)", server.log))
    page.goto(link)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Welcome")
    assert "#" not in page.url, "the token is not kept where somebody may look over a shoulder"
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Set the password").click()

    page.get_by_role("link", name="Sora 2 Pro").click()
    prompt = page.get_by_label("prompt")
    page.get_by_role("button", name=re.compile("Two friends sit by a café window")).click()
    expect(prompt).to_have_value(re.compile("^Two friends sit by a café window"))
    page.get_by_role("button", name="Make the clip").click()

    expect(page).to_have_url(re.compile(r"/clips/\d+$"))
    clip = page.url
    expect(page.locator("[data-figures]")).to_have_text(re.compile(r"\d+ of \d+"), timeout=30_000)
    bar = page.locator("progress")
    seen = bar.evaluate("bar => bar.value")
    page.wait_for_function("([bar, seen]) => bar.value > seen", arg=[bar.element_handle(), seen])

    video = page.locator("video.player")
    expect(video).to_be_visible(timeout=90_000)
    played = play(video)
    assert played["duration"] == pytest.approx(4, abs=0.1)
    assert played["sound"] > 0

    page.reload()
    expect(video).to_be_visible()
    page.get_by_role("navigation", name="Main").get_by_role("link", name="My clips").click()
    page.get_by_role("link", name=re.compile("Two friends sit")).click()
    expect(page).to_have_url(clip)
    expect(video).to_be_visible()

    page.get_by_role("button", name="Again, same seed").click()
    expect(page).not_to_have_url(clip)
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("Stopped")).to_be_visible()

    page.get_by_role("link", name="Projects").click()
    page.get_by_role("link", name="New project").click()
    page.get_by_label("Name").fill("My film")
    page.get_by_role("radio", name="Key only").check()
    page.get_by_role("button", name="Make the project").click()
    page.locator(".box", has_text="A first request").get_by_role("button", name="Copy").click()
    line = page.evaluate("() => navigator.clipboard.readText()")
    assert line == page.get_by_label("Request with curl").inner_text()
    key = page.locator(".secret", has_text="API key").locator("code").inner_text()
    assert key in line
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, cwd=tmp_path, timeout=60)
    answer = json.loads(done.stdout)
    assert answer["result"] is True, answer
    page.get_by_role("link", name="I have them").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("My film")
    assert key not in page.content(), "it was shown once"
    page.get_by_role("link", name="Its tasks", exact=True).click()
    page.locator(f'a[href="/operate/tasks/{answer["taskid"]}"]').click()
    expect(page.locator(".stage-mark").first).to_have_text("Done", timeout=60_000)
