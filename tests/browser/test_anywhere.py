"""What holds on every page: light and dark, a phone, a keyboard and nothing else."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.studio import PASSWORD, PHONE, Studio

THEME = "() => document.documentElement.dataset.theme"
GROUND = "() => getComputedStyle(document.documentElement).backgroundColor"


def test_light_or_dark_is_the_system_s_until_it_is_chosen(studio: Studio) -> None:
    page = studio.page("Ada", color_scheme="dark")
    page.goto("/")
    assert page.evaluate(THEME) == "dark"
    dark = page.evaluate(GROUND)
    page.emulate_media(color_scheme="light")
    page.locator('html[data-theme="light"]').wait_for()
    assert page.evaluate(GROUND) != dark
    choose = page.get_by_role("button", name="Light or dark")
    choose.click()
    assert page.evaluate(GROUND) == dark
    page.goto("/clips")
    assert page.evaluate(GROUND) == dark, "it is kept"
    choose.click()
    page.emulate_media(color_scheme="dark")
    page.reload()
    assert page.evaluate(THEME) == "light", "what was chosen goes before what the system has"


def test_the_menu_of_a_phone(studio: Studio) -> None:
    page = studio.page("Ada", viewport=PHONE, has_touch=True, is_mobile=True)
    page.goto("/")
    menu, clips = page.get_by_role("button", name="Menu"), page.get_by_role("link", name="My clips")
    expect(clips).to_be_hidden()
    menu.tap()
    expect(menu).to_have_attribute("aria-expanded", "true")
    expect(clips).to_be_visible()
    page.keyboard.press("Escape")
    expect(clips).to_be_hidden()
    menu.tap()
    clips.tap()
    expect(page).to_have_url(re.compile("/clips$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("My clips")


def tab_to(page: Page, name: str, most: int = 80) -> None:
    """Tab by tab, until what has the focus carries that name and shows that it has the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate(NAME).startswith(name):
            assert page.evaluate(OUTLINED), f"{name} does not show that it has the focus"
            return
    pytest.fail(f"No way to {name!r} by the keyboard.")


NAME = """
() => {
  const here = document.activeElement;
  const label = here.getAttribute("aria-label") ?? here.labels?.[0]?.textContent ?? here.textContent;
  return label.trim();
}
"""
OUTLINED = """
() => {
  for (let part = document.activeElement; part; part = part.parentElement) {
    const style = getComputedStyle(part);
    if (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) return true;
  }
  return false;
}
"""


def test_the_keyboard_alone_from_the_door_to_a_clip(studio: Studio) -> None:
    page = studio.page()
    page.goto("/")
    page.keyboard.type("Ada")
    tab_to(page, "Password")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Models")

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    tab_to(page, "Flipbook")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/models/acme/flipbook$"))

    tab_to(page, "A red kite over a beach")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Prompt")).to_have_value(re.compile("red kite"))
    tab_to(page, "1" if page.locator('[name="seconds"][value="1"]').is_checked() else "2")
    page.keyboard.press("ArrowLeft")
    tab_to(page, "Make the clip")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/clips/\d+$"))
    expect(page.locator("video.player")).to_be_visible(timeout=60_000)
    tab_to(page, "Change and run again")


def test_a_question_is_answered_by_the_keyboard(studio: Studio, page: Page) -> None:
    with studio.client() as client:
        id = client.wait(client.submit("acme/flipbook", {"prompt": "A snail."})).id
    page.goto("/clips?q=snail")
    tab_to(page, f"Select clip {id}")
    page.keyboard.press("Space")
    tab_to(page, "Delete the files")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_role("button", name="Delete the files")).to_be_focused()
