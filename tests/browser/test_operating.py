"""The pages of those who run the server: what happens is seen at once, and what is decided counts at once."""

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.studio import PASSWORD, Studio
from tests.server.patience import until

LASTS = "[say Rolling.][sleep 600]"


def submitted(studio: Studio, prompt: str, model: str = "acme/stubborn") -> str:
    with studio.client() as client:
        return client.submit(model, {"prompt": prompt}).taskid


@contextmanager
def lasting(studio: Studio, *prompts: str) -> Iterator[list[str]]:
    """Tasks that last, with these words in their prompts; stopped at the end, if nobody did it before."""
    ids = [submitted(studio, f"{prompt} {LASTS}") for prompt in prompts]
    yield ids
    with studio.client() as client:
        for id in reversed(ids):
            if not client.task(id).over:
                client.kill(id)


def figure(page: Page, name: str) -> Locator:
    return page.locator(".figure", has=page.locator("dt", has_text=re.compile(f"^\\s*{name}"))).locator(
        ".value"
    )


def confirm(page: Page, act: str) -> None:
    page.get_by_role("dialog").get_by_role("button", name=act).click()


def test_the_overview_follows_what_happens(studio: Studio, page: Page) -> None:
    page.goto("/operate")
    page.evaluate("() => (window.untouched = true)")
    expect(figure(page, "Running")).to_have_text("0")
    with lasting(studio, "A watched one.") as (id,):
        expect(figure(page, "Running")).to_have_text("1")
        expect(page.locator(f"#job-{id}")).to_be_visible()
    expect(figure(page, "Running")).to_have_text("0")
    failed = submitted(studio, "[raise The film tore.]")
    expect(page.locator("tr", has=page.locator(f"#failure-{failed}"))).to_contain_text("The film tore.")
    assert page.evaluate("() => window.untouched"), "the page was not loaded again"


def test_a_task_is_found_followed_and_stopped(studio: Studio, page: Page) -> None:
    with lasting(studio, "A kingfisher.", "A heron.") as (found, _):
        page.goto("/operate/tasks")
        page.get_by_label("Text").fill("kingfisher")
        expect(page.locator("table.tasks tbody tr")).to_have_count(1)
        expect(page).to_have_url(re.compile("q=kingfisher"))
        page.locator(f"#task-{found}").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("A kingfisher.")
        expect(page.locator("#head")).to_contain_text("Running")
        expect(page.locator("#log")).to_contain_text("Rolling.")
        page.get_by_role("button", name="Stop").click()
        confirm(page, "Stop it")
        expect(page.locator("#head")).to_contain_text("Stopped")
        expect(page.locator("#head")).to_contain_text("stopped here")
        expect(page.get_by_role("button", name="Stop")).to_have_count(0)


def test_a_task_is_run_again(studio: Studio, page: Page) -> None:
    first = submitted(studio, "[steps 3] An otter.")
    page.goto(f"/operate/tasks/{first}")
    expect(page.locator("#head .stage-mark")).to_have_text("Done")
    page.get_by_role("button", name="Run again").click()
    confirm(page, "Run again")
    expect(page).to_have_url(re.compile(r"/operate/tasks/\d+$"))
    expect(page).not_to_have_url(re.compile(f"/{first}$"))
    expect(page.locator("#head .stage-mark")).to_have_text("Done")


def test_all_that_fits_a_filter_is_stopped_after_its_number_was_confirmed(studio: Studio, page: Page) -> None:
    prompts = ("A flock, one.", "A flock, two.", "A flock, three.", "A lone bird.")
    with lasting(studio, *prompts) as ids:
        page.goto("/operate/tasks?q=flock")
        expect(page.locator("table.tasks tbody tr")).to_have_count(3)
        page.get_by_role("link", name="Stop all that fit").click()
        page.get_by_role("button", name=re.compile("^Stop all 3|^Stop the 3")).click()
        expect(page.get_by_role("dialog")).to_contain_text("3")
        confirm(page, "Stop 3")
        expect(page.get_by_text("3 tasks were stopped.")).to_be_visible()
        with studio.client() as client:
            assert [client.task(id).over for id in ids] == [True, True, True, False]


def test_an_engine_is_paused_and_goes_on(studio: Studio, page: Page) -> None:
    page.goto("/operate/engines")
    page.get_by_role("button", name="Pause trouble").click()
    engine = page.get_by_role("article", name="trouble")
    expect(engine).to_contain_text("Paused by Ada")
    held = submitted(studio, "Held up.")
    other = studio.page("Ada")
    other.goto(f"/operate/tasks/{held}")
    expect(other.locator("#head .stage-mark")).to_have_text("Waiting")
    page.get_by_role("button", name="Resume trouble").click()
    expect(engine).not_to_contain_text("Paused by Ada")
    expect(other.locator("#head .stage-mark")).to_have_text("Done")


def test_a_price_is_changed_and_taken_back(page: Page) -> None:
    page.goto("/operate/models/acme/flipbook")
    page.get_by_role("group", name="Always").get_by_role("textbox").fill("0.55")
    page.get_by_role("button", name="Save the prices").click()
    expect(page.locator("#prices")).to_contain_text("Decided by Ada")
    page.goto("/models/acme/flipbook")
    expect(page.locator(".price")).to_have_text("$0.55")
    page.goto("/operate/settings")
    decided = page.get_by_role("region", name="Decided while running")
    expect(decided).to_contain_text("acme/flipbook")
    decided.locator("tr", has_text="acme/flipbook").get_by_role("button").click()
    page.goto("/models/acme/flipbook")
    expect(page.locator(".price")).to_have_text("$0.10")


def test_a_model_is_switched_off_and_on(studio: Studio, page: Page) -> None:
    page.goto("/operate/models")
    switch = page.get_by_role("switch", name="offer Flipbook")
    expect(switch).to_be_checked()
    switch.click()
    expect(switch).not_to_be_checked()
    page.goto("/")
    expect(page.get_by_role("link", name="Stubborn")).to_be_visible()
    expect(page.get_by_role("link", name="Flipbook")).to_have_count(0)
    page.goto("/operate/models")
    switch.click()
    expect(switch).to_be_checked()


def test_settings_say_where_they_come_from(page: Page) -> None:
    page.goto("/operate/settings")
    page.get_by_label("Search the settings").fill("allow_addresses")
    row = page.locator("table.settings tbody tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("127.0.0.1")
    expect(row.locator(".badge")).not_to_have_text("default")


def test_somebody_is_let_in_and_sees_one_project_alone(studio: Studio, page: Page) -> None:
    secret = submitted(studio, "Nobody else's business.", "acme/flipbook")
    page.goto("/operate/projects/new")
    page.get_by_label("Name").fill("Visitors")
    page.get_by_role("button", name="Make the project").click()
    page.goto("/operate/users")
    page.get_by_label("Name", exact=True).fill("Vera")
    page.get_by_role("radio", name="Maker").check()
    option = page.locator('select[name="project"] option', has_text="Visitors").first.get_attribute("value")
    page.locator('#new select[name="project"]').select_option(option)
    page.get_by_role("button", name="Make the user").click()
    link = page.locator(".secret", has_text="Sign-in link").locator("code").inner_text()

    hers = studio.page()
    hers.goto(link)
    hers.get_by_label("Password").fill(PASSWORD)
    hers.get_by_role("button", name="Set the password").click()
    expect(hers.get_by_text("Working in Visitors")).to_be_visible()
    expect(hers.get_by_role("link", name="Overview")).to_have_count(0)
    hers.goto("/clips")
    expect(hers.get_by_text("Nothing was asked for yet.")).to_be_visible()
    studio.witness(hers).expect(f"/operate|/clips/{secret}")
    for place in ("/operate", f"/clips/{secret}"):
        answer = hers.goto(place)
        assert answer is not None
        assert answer.status in (403, 404)
    hers.goto("/models/acme/flipbook")
    hers.get_by_label("Prompt").fill("Mine alone.")
    hers.get_by_role("button", name="Make the clip").click()
    expect(hers.locator("video.player")).to_be_visible(timeout=60_000)
    hers.goto("/clips")
    expect(hers.locator(".tile")).to_have_count(1)
    page.goto("/clips")
    expect(page.get_by_text("Mine alone.")).to_have_count(0)


@pytest.mark.parametrize("kind", ["Key and secret", "Key only"])
def test_a_project_s_first_line_works_until_it_is_revoked(page: Page, tmp_path: Path, kind: str) -> None:
    page.goto("/operate/projects/new")
    page.get_by_label("Name").fill(f"Shed, {kind}")
    page.get_by_role("radio", name=kind).check()
    page.get_by_role("button", name="Make the project").click()
    line = page.get_by_label("Request with curl").inner_text()

    def asked() -> bool:
        done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, cwd=tmp_path, timeout=60)
        return bool(json.loads(done.stdout)["result"])

    assert asked()
    page.get_by_role("link", name="I have them").click()
    page.get_by_role("button", name="Revoke").click()
    confirm(page, "Revoke")
    expect(page.get_by_role("button", name="Enable again")).to_be_visible()
    until(lambda: not asked())  # a key is known for a second


def test_a_server_that_does_not_answer(studio: Studio, page: Page) -> None:
    studio.witness(page).expect(r"503")
    page.clock.install()
    page.goto("/operate")
    here = "**/operate/now**"
    page.route(here, lambda route: route.fulfill(status=503, body=""))

    def stale(wanted: int) -> bool:
        page.clock.run_for(5000)  # what waits for its next look begins
        return page.locator("#stale").count() == wanted

    until(lambda: stale(1))
    expect(page.locator("#toasts")).to_contain_text("does not answer")
    page.unroute(here)
    until(lambda: stale(0))


def test_a_question_stays_while_the_page_goes_on(studio: Studio, page: Page) -> None:
    page.clock.install()
    page.goto("/operate/engines")
    box = page.locator("section, article, li", has=page.get_by_role("button", name="Drain")).last
    box.get_by_role("button", name="Drain").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    for _ in range(3):
        page.clock.run_for(5000)
        page.wait_for_load_state("networkidle")
    dialog.get_by_role("button", name="Drain").click()
    expect(page.get_by_text("drained").first).to_be_visible()
    page.get_by_role("button", name="Resume").last.click()
    expect(page.get_by_role("button", name="Resume")).to_have_count(0)
