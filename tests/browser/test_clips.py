"""What was made: the gallery, and two clips beside each other."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.studio import Studio

BOTH = "() => [...document.querySelectorAll('#pair video')]"


def made(studio: Studio, prompt: str, **inputs: str) -> str:
    """The id of a finished clip."""
    with studio.client() as client:
        return client.wait(client.submit("acme/flipbook", {"prompt": prompt, **inputs})).id


def test_the_gallery_finds_and_plays(studio: Studio, page: Page) -> None:
    kite, boat = made(studio, "A kite over the marsh."), made(studio, "A boat in the reeds.")
    page.goto("/clips")
    page.get_by_label("Search the prompts").fill("over the marsh")
    expect(page.locator(f'a[href="/clips/{boat}"]')).to_have_count(0)
    poster = page.locator(f'a[href="/clips/{kite}"]')
    expect(page).to_have_url(re.compile("q=over"))
    assert poster.locator("video").evaluate("video => video.paused && !video.src"), "nothing is loaded before"
    poster.hover()
    page.wait_for_function(
        "video => !video.paused && video.currentTime > 0", arg=poster.locator("video").element_handle()
    )
    page.get_by_role("heading", level=1).hover()
    page.wait_for_function("video => video.paused", arg=poster.locator("video").element_handle())
    page.reload()
    expect(page.get_by_label("Search the prompts")).to_have_value("over the marsh")
    expect(poster).to_be_visible()
    page.get_by_label("Search the prompts").fill("nothing of the kind")
    expect(page.get_by_text("Nothing fits")).to_be_visible()


def test_several_are_deleted_after_a_question(studio: Studio, page: Page) -> None:
    ids = [made(studio, f"A puddle, {number}.") for number in range(3)]
    page.goto("/clips?q=puddle")
    for id in ids[:2]:
        page.get_by_label(f"Select clip {id}").check()
    expect(page.locator("[data-selection]")).to_contain_text("2 selected")
    page.get_by_role("button", name="Delete the files").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("these 2 clips")
    dialog.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Files deleted")).to_have_count(0)
    page.get_by_role("button", name="Delete the files").click()
    page.get_by_role("dialog").get_by_role("button", name=re.compile("Delete")).click()
    expect(page.get_by_text("Files deleted")).to_have_count(2)
    page.goto(f"/clips/{ids[2]}")
    expect(page.locator("video.player")).to_be_visible()
    page.goto(f"/clips/{ids[0]}")
    expect(page.get_by_text("The files of this clip were deleted.")).to_be_visible()
    page.get_by_role("link", name="Change and run again").click()
    expect(page.get_by_label("Prompt")).to_have_value("A puddle, 0.")


def test_two_are_compared(studio: Studio, page: Page) -> None:
    left = made(studio, "A mill, left.", seconds="2", seed="5")
    right = made(studio, "A mill, right.", seconds="2", seed="5")
    page.goto("/clips?q=A+mill")
    for id in (left, right):
        page.get_by_label(f"Select clip {id}").check()
    page.get_by_role("link", name="Compare", exact=True).last.click()
    expect(page).to_have_url(re.compile(r"/compare\?"))
    expect(page.locator("tr.differs")).to_have_count(1)
    expect(page.locator("tr.differs")).to_contain_text("A mill, left.")

    page.wait_for_function(f"() => ({BOTH})().every((video) => video.readyState >= 3)")
    page.get_by_role("button", name="Play both").click()
    page.wait_for_function(f"() => ({BOTH})().every((video) => !video.paused && video.currentTime > 0.4)")
    apart = page.evaluate(
        f"() => {{ const [a, b] = ({BOTH})(); return Math.abs(a.currentTime - b.currentTime); }}"
    )
    assert apart == pytest.approx(0, abs=0.15), "seconds"
    muted = f"() => Object.fromEntries(({BOTH})().map((video) => [video.dataset.side, video.muted]))"
    assert sorted(page.evaluate(muted).values()) == [False, True]
    page.get_by_role("radio", name="Right sound").check()
    assert page.evaluate(muted) == {"left": True, "right": False}
    page.get_by_role("radio", name="None").check()
    assert page.evaluate(muted) == {"left": True, "right": True}
    page.get_by_role("button", name="Pause both").click()
    expect(page.get_by_role("button", name="Play both")).to_be_visible()
    page.get_by_label("Position").fill("250")
    page.wait_for_function(f"() => ({BOTH})().every((video) => Math.abs(video.currentTime - 0.5) < 0.1)")


def test_times_go_on_being_true_and_are_told_in_the_zone_of_the_viewer(studio: Studio) -> None:
    page = studio.page("Ada", timezone_id="Asia/Kolkata")
    page.clock.install()
    page.goto(f"/clips/{made(studio, 'A clock tower.')}")
    asked = page.locator("dd time")
    expect(asked).to_have_text(re.compile("^(just now|[0-9]+ s ago)$"))
    page.clock.fast_forward("02:05:00")
    expect(asked).to_have_text("2 h ago")
    asked.hover()
    expect(asked).to_have_attribute("title", re.compile("GMT\\+5:30"))
