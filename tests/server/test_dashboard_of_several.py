"""The dashboard where several processes work on one PostgreSQL: what they see together is what its pages say."""

import asyncio
import contextlib
from pathlib import Path

import httpx

from tests import postgres
from tests.server.installation import installation
from tests.server.patience import until
from tests.server.test_dashboard import signed_in

SORA = "openai/sora-2-pro"
CONFIG = "server.drain_seconds = 0\ntasks.lease_seconds = 2"
LACKS = 'engine.trouble.unavailable = "no weights here"'
PAGES = ("/", f"/models/{SORA}", "/operate/models", f"/operate/models/{SORA}", "/operate/engines")
NOBODY = ("nobody now", "Why nobody can play it", "nobody can play it now", "no weights here")


def test_who_plays_is_what_those_say_who_run_tasks(tmp_path: Path) -> None:
    database = asyncio.run(postgres.server().new_database())
    with installation(tmp_path, database, config=CONFIG, answering=0, dispatching=0) as several:
        several.add("dispatcher1", "dispatcher")
        one, two = several.add("api1", "api", LACKS), several.add("api2", "api", LACKS)
        assert not (two.data / "sign-in.url").exists(), "one of them makes the link"
        browser, token = signed_in(one)
        with contextlib.closing(browser), other(browser, two.url) as elsewhere:
            for at in (browser, elsewhere):
                for path in PAGES:
                    page = at.get(path).text
                    assert not [words for words in NOBODY if words in page], path
                assert 'id="make" disabled' not in at.get(f"/models/{SORA}").text

            hold(browser, token, "drained")
            until(lambda: ">drained<" in elsewhere.get("/").text, 3)

            def waiting() -> str:
                """A task that waits; the dispatcher may hear of the decision a second later, and play some before."""
                id, _ = several.caller("api2").run()
                place = elsewhere.get(f"/clips/{id}/place").text
                return id if "An operator has drained trouble" in place else ""

            id = until(waiting, 5)
            hold(elsewhere, token, "")
            engines = elsewhere.get("/operate/engines/now").text
            assert ">Available<" in engines.partition('id="engine-trouble"')[2].partition("</article>")[0]
            several.caller("api1").end_of(id)

            several.processes["dispatcher1"].stop()
            id, _ = several.caller("api2").run()
            waits = elsewhere.get(f"/clips/{id}/place").text
            assert "No process takes up tasks at the moment." in waits
            assert "Nothing takes up tasks" in browser.get("/operate/now").text
            several.add("dispatcher2", "dispatcher", LACKS)
            until(lambda: "nobody now" in elsewhere.get("/").text, 3)
            for path in PAGES:
                assert [words for words in NOBODY if words in browser.get(path).text], path


def other(browser: httpx.Client, url: str) -> httpx.Client:
    """The same browser, led to another process."""
    return httpx.Client(base_url=url, headers={"accept": "text/html"}, cookies=dict(browser.cookies))


def hold(browser: httpx.Client, token: str, how: str) -> None:
    fields = {"form_token": token, "engine": "trouble", "hold": how}
    assert browser.post("/operate/engines/hold", data=fields).status_code in (200, 303)
