"""The dashboard's pictures in README.md and docs/dashboard.md, from a real server: `make screenshots`.

Takes a minute or two. The pictures are the same each time but for the times that pages show.
"""

import io
import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image
from playwright.sync_api import Browser, Page, expect
from scripts.busy_server import PASSWORD, PERSON, busy_server, client, presets
from tests.browser.chromium import NoChromium, chromium

from understudy.client import Task
from understudy.testing.live import Live

TO = Path(__file__).parents[1] / "docs" / "images"
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
SHARPNESS = 1.25
COLOURS = 256
GAP = 36
MOMENT = 1.6
"""Of a clip, in seconds: where its player stands."""


class Shot(NamedTuple):
    """One picture of one page. `prepare` does what a visitor would have done on it."""

    name: str
    path: str
    prepare: Callable[[Page], None] | None = None
    themes: tuple[str, ...] = ("light",)


def main() -> int:
    """All pictures; 1 without a browser."""
    try:
        with (
            tempfile.TemporaryDirectory() as folder,
            chromium() as browser,
            busy_server(Path(folder)) as server,
        ):
            session = _signed_in(browser, server)
            for shot in _shots(server):
                for theme in shot.themes:
                    suffix = f"-{theme}" if len(shot.themes) > 1 else ""
                    _save(f"{shot.name}{suffix}", [_taken(browser, session, shot, theme, DESKTOP)])
            phones = [_taken(browser, session, shot, "light", PHONE) for shot in _phones(server)]
            _save("dashboard-phone", phones)
    except NoChromium as reason:
        print(reason, file=sys.stderr)
        return 1
    return 0


def _shots(server: Live) -> list[Shot]:
    street = _clip(server, "slow, cinematic dolly-in")
    later, first = [task.id for task in _tasks(server) if "rides a camel" in task.parameters["prompt"]]
    both = ("light", "dark")
    return [
        Shot("dashboard", f"/clips/{street}", _at_a_moment, both),
        Shot("dashboard-models", "/"),
        Shot("dashboard-model", "/models/google/veo3-1", _preset),
        Shot("dashboard-clips", "/clips"),
        Shot("dashboard-compare", f"/compare?left={first}&right={later}", _side_by_side),
        Shot("dashboard-running", "/models/openai/sora-2-pro", _running),
        Shot("dashboard-overview", "/operate?span=day", _settled, both),
        Shot("dashboard-task", f"/operate/tasks/{street}", _settled),
        Shot("dashboard-engines", "/operate/engines", _settled),
    ]


def _phones(server: Live) -> list[Shot]:
    street = _clip(server, "slow, cinematic dolly-in")
    return [
        Shot("models", "/"),
        Shot("clip", f"/clips/{street}", _at_a_moment),
        Shot("overview", "/operate?span=day", _settled),
    ]


def _tasks(server: Live) -> list[Task]:
    with client(server) as asking:
        return list(asking.each_task())


def _clip(server: Live, words: str) -> str:
    return next(task.id for task in _tasks(server) if words in task.parameters["prompt"])


def _signed_in(browser: Browser, server: Live) -> dict[str, Any]:
    """What contexts are opened with, so that `PERSON` is signed in there."""
    page = browser.new_page(base_url=server.url)
    page.goto("/sign-in")
    page.get_by_label("Name").fill(PERSON)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Models").wait_for()
    state = page.context.storage_state()
    page.close()
    return {"base_url": server.url, "storage_state": state}


def _taken(
    browser: Browser, session: dict[str, Any], shot: Shot, theme: str, size: dict[str, int]
) -> Image.Image:
    context = browser.new_context(
        **session,
        viewport=size,
        device_scale_factor=SHARPNESS,
        color_scheme=theme,
        reduced_motion="reduce",
        locale="en-GB",
    )
    page = context.new_page()
    page.goto(shot.path)
    page.wait_for_load_state("networkidle")
    if shot.prepare:
        shot.prepare(page)
    taken = Image.open(io.BytesIO(page.screenshot()))
    context.close()
    return taken.convert("RGB")


def _at_a_moment(page: Page) -> None:
    video = page.locator("video").first
    video.evaluate(
        f"video => new Promise((seen) => {{ video.onseeked = seen; video.currentTime = {MOMENT}; }})"
    )
    page.wait_for_timeout(500)  # its controls say that it loads for a while


def _side_by_side(page: Page) -> None:
    page.wait_for_function(
        "() => [...document.querySelectorAll('#pair video')].every((video) => video.readyState > 3)"
    )
    page.get_by_label("Position").evaluate(
        "range => { range.value = 400; range.dispatchEvent(new Event('input')); }"
    )
    page.wait_for_timeout(500)


def _preset(page: Page) -> None:
    page.locator("[data-preset]").nth(4).click()
    page.get_by_text("The same from a program").click()
    page.wait_for_load_state("networkidle")


def _running(page: Page) -> None:
    page.get_by_label("prompt").fill(presets("openai/sora-2-pro")[2]["prompt"])
    page.get_by_role("radio", name="12").check()
    page.get_by_role("radio", name="1080p").check()
    page.get_by_role("button", name="Make the clip").click()
    expect(page).to_have_url(re.compile(r"/clips/\d+$"))
    page.wait_for_function("() => document.querySelector('progress')?.value > 35", timeout=120_000)


def _settled(page: Page) -> None:
    page.wait_for_timeout(3500)  # what is live has come once


def _save(name: str, pictures: list[Image.Image]) -> None:
    """Beside each other, in few colours."""
    width = sum(each.width for each in pictures) + GAP * (len(pictures) - 1)
    paper = Image.new("RGB", (width, pictures[0].height), "white")
    left = 0
    for each in pictures:
        paper.paste(each, (left, 0))
        left += each.width + GAP
    path = TO / f"{name}.png"
    paper.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(
        path, optimize=True
    )
    print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    sys.exit(main())
