"""What nobody means, in whatever a page takes, through the front door: it is answered in words, never with a mistake."""

from pathlib import Path

import httpx
import pytest

from tests.web.remembered import remembered
from tests.web.test_hostile_text import ATTACK, assert_nothing_runs
from tests.web.test_security import filled
from tests.web.visiting import House, Visitor
from understudy.web.site import PAGES

READ = sorted({page.path for page in PAGES if page.method == "GET"})
SENT = sorted({page.path for page in PAGES if page.method == "POST"} - {"/sign-out", "/account/sessions"})
ASKED = ("q", "project", "model", "engine", "stage", "since", "until", "beyond", "done", "next", "span", "left", "right",
         "from", "category")  # fmt: skip
NUMBERS = ("-1", "0", "1e-12", "1e999", "1e-999999", "NaN", "sNaN", "inf", "-inf", "٣", "²", "1_0", "9" * 18, "9" * 19,
           "9" * 4301, "0x10", "1" + "0" * 39)  # fmt: skip
TIMES = (
    "0001-01-01",
    "9999-12-31",
    "9999-12-31T23:59:59.999999-23:59",
    "0001-01-01T00:00+23:59",
    "2024-02-30",
)
TEXTS = ("", " ", "../..", "http://[", "https://h:99999/", "http://u:p@h/", "\0", "\ud7ff\ufffe", "a\r\nset-cookie: stolen=1",
         "\u202e\u2028", "' OR 1=1 --", "%", "_", "!", "\\", "{}", "null", "x" * 5000, ATTACK)  # fmt: skip
ODD = NUMBERS + TIMES + TEXTS
IDS = (
    "0",
    "-1",
    "9" * 18,
    "9" * 19,
    "9" * 400,
    "1e3",
    "1.0",
    "%201",
    "1%0a",
    "%00",
    "..%2f1",
    "%d9%a3",
    "'",
    "%ff",
)
ORDER = {"number": "1", "upto": "9", "at": "1.0", "running": "too"}
FORMS = {
    "/sign-in": {"name": "Ada", "password": "x", "next": "/"},
    "/welcome": {"invitation": "x", "password": "x"},
    "/account/password": {"old": "x", "new": "another horse", "again": "another horse"},
    "/models/{owner}/{slug}/now": {"prompt": "x", "inputImage": "x"},
    "/clips/delete": {"clip": "1", "back": "q=x"},
    "/working-in": {"project": "1"},
    "/operate/tasks/stop": ORDER,
    "/operate/tasks/{id}/send-again": {"delivery": "1"},
    "/operate/projects": {"name": "x", "auth": "key", "allow": "10.0.0.1"},
    "/operate/projects/{id}/name": {"name": "x"},
    "/operate/projects/{id}/webhook": {"url": "https://h/"},
    "/operate/projects/{id}/allow": {"allow": "10.0.0.1"},
    "/operate/projects/{id}/limits": dict.fromkeys(
        ("running", "queued", "rate", "burst", "hourly", "monthly", "keep_days"), "1"
    ),
    "/operate/projects/{id}/balance": {"amount": "1", "way": "in", "note": "x"},
    "/operate/engines/hold": {"engine": "instant", "hold": "paused"},
    "/operate/engines/unload": {"engine": "instant"},
    "/operate/models/{owner}/{slug}/offer": {"offered": "yes", "from": "list"},
    "/operate/models/{owner}/{slug}/prices": {"as": "", "cps": "0.1", "price-0": "1", "extra-0": "1"},
    "/operate/models/{owner}/{slug}/cast": {"as": "", "engine": "instant"},
    "/operate/users": {"name": "x", "role": "maker", "project": "1"},
    "/operate/users/link": {"name": "Ada"},
    "/operate/users/disable": {"name": "Ada"},
    "/operate/users/enable": {"name": "Ada"},
    "/operate/users/move": {"name": "Ada", "project": "1"},
    "/operate/settings/back": {"kind": "prices", "name": "openai/sora-2-pro"},
}
"""The fields of the forms that have any."""
LONGEST_PAGE = 200_000


@pytest.fixture
async def visitor(house: House) -> Visitor:
    await house.served.run()
    return await house.operator()


def assert_fine(answer: httpx.Response, about: object) -> None:
    assert answer.status_code < 500, about
    assert len(answer.text) < LONGEST_PAGE, about
    assert not any("stolen" in each for each in answer.headers.get_list("set-cookie")), about
    assert_nothing_runs(answer.text)


@pytest.mark.parametrize("path", READ)
async def test_odd_questions(house: House, visitor: Visitor, path: str) -> None:
    who = house.visitor() if path == "/sign-in" else visitor
    for first in range(len(ODD)):
        asked = {name: ODD[(first + number) % len(ODD)] for number, name in enumerate(ASKED)}
        assert_fine(await who.get(filled(path), params=asked), asked)


@pytest.mark.parametrize("path", [path for path in READ if "{" in path])
async def test_odd_numbers_of_what_is_looked_at(visitor: Visitor, path: str) -> None:
    for id in IDS:
        address = path.replace("{id}", id).replace("{owner}", id).replace("{slug}", id)
        assert_fine(await visitor.get(address), id)


@pytest.mark.parametrize("path", SENT)
async def test_odd_forms(house: House, visitor: Visitor, path: str) -> None:
    fields = FORMS.get(path, {})
    who = house.visitor() if path in ("/sign-in", "/welcome") else visitor
    for name in fields or {"field": ""}:
        left_out = {key: value for key, value in fields.items() if key != name}
        assert_fine(
            await who.client.post(filled(path), data=left_out | {"form_token": visitor.form_token}),
            f"no {name}",
        )
        for odd in ODD:
            sent = {**fields, name: odd, "form_token": visitor.form_token}
            answer = await who.client.post(filled(path), data=sent)
            assert_fine(answer, (name, odd[:50]))
            if answer.status_code == 303:
                assert_fine(await who.get(answer.headers["location"]), (name, odd[:50]))


@pytest.mark.parametrize("method", ["OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "QUERY"])
async def test_other_methods(house: House, visitor: Visitor, tmp_path: Path, method: str) -> None:
    before = remembered(tmp_path)
    for path in {page.path for page in PAGES}:
        answer = await visitor.client.request(
            method, filled(path), headers={"x-form-token": visitor.form_token}
        )
        taken = {page.method for page in PAGES if page.path == path}
        assert answer.status_code == 405, path
        # Some addresses are those of other pages, too: /clips/delete of /clips/{id}.
        assert taken <= set(answer.headers["allow"].split(", ")) <= {"GET", "HEAD", "POST"}
        override = {"x-http-method-override": "POST", "x-form-token": visitor.form_token}
        assert (await visitor.get(f"{filled(path)}?_method=POST", headers=override)).status_code < 500
    assert remembered(tmp_path) == before


@pytest.mark.parametrize("path", READ)
async def test_looking_changes_nothing(visitor: Visitor, tmp_path: Path, path: str) -> None:
    before = remembered(tmp_path)
    for method in ("GET", "HEAD"):
        answer = await visitor.client.request(method, filled(path))
        assert answer.status_code < 400, path
    assert remembered(tmp_path) == before


@pytest.mark.parametrize("host", ["[", "[::1", "a:b:c", "a b", "x/y", "//evil.example", "a@b", ""])
async def test_odd_hosts(house: House, visitor: Visitor, host: str) -> None:
    assert_fine(await visitor.get("/clips", headers={"host": host}), host)
    answer = await house.visitor().get("/clips?q=x", headers={"host": host})
    assert answer.headers["location"] == "/sign-in?next=/clips%3Fq%3Dx"
