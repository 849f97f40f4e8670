"""Who may ask for which page, through the front door: every page of the table, so that a new one cannot be forgotten."""

import re
from pathlib import Path

import pytest

from tests.web.remembered import remembered
from tests.web.visiting import House, Markup
from understudy.web.site import PAGES

READ = sorted({page.path for page in PAGES if page.method == "GET" and page.needs != "nobody"})
SENT = sorted({page.path for page in PAGES if page.method == "POST" and page.needs != "nobody"})
OPERATORS = sorted({(page.method, page.path) for page in PAGES if page.needs == "operator"})
FOREIGN = (
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": "cross-site", "origin": "http://understudy.test"},
    {"sec-fetch-site": "", "origin": "https://evil.example"},
    {"sec-fetch-site": "", "origin": "null"},
    {"sec-fetch-site": "", "origin": "http://understudy.test.evil.example"},
)


def filled(path: str, id: str = "1") -> str:
    """The page's address, with an id that there is, and with names of a model that there is."""
    values = {"owner": "openai", "slug": "sora-2-pro"}
    return re.sub(r"\{(\w+)\}", lambda found: values.get(found[1], id), path)


def test_only_signing_in_is_open_to_everybody_and_operating_to_operators() -> None:
    assert {page.path for page in PAGES if page.needs == "nobody"} == {"/sign-in", "/welcome"}
    assert all(page.needs == "operator" for page in PAGES if page.path.startswith("/operate"))
    assert len(OPERATORS) > 2


@pytest.mark.parametrize("path", READ)
async def test_a_page_without_a_session(house: House, path: str) -> None:
    answer = await house.visitor().get(filled(path))
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in")
    part = await house.visitor().get(filled(path), headers={"hx-request": "true"})
    assert (part.status_code, part.content) == (401, b"")
    assert part.headers["hx-redirect"].startswith("/sign-in")


@pytest.mark.parametrize("path", SENT)
async def test_a_form_without_a_session(house: House, tmp_path: Path, path: str) -> None:
    id, _ = await house.served.run()
    before = remembered(tmp_path)
    answer = await house.visitor().client.post(filled(path, id), data={})
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in")
    assert remembered(tmp_path) == before


@pytest.mark.parametrize("path", SENT)
@pytest.mark.parametrize("token", ["", "0" * 64, "another's"])
async def test_a_form_without_its_token(house: House, tmp_path: Path, path: str, token: str) -> None:
    visitor, other = await house.operator(), await house.operator("Bob")
    id, _ = await house.served.run()
    given = other.form_token if token == "another's" else token
    before = remembered(tmp_path)
    for fields in ({"form_token": given}, {}):
        answer = await visitor.client.post(filled(path, id), data=fields)
        assert answer.status_code == 403
        assert "not sent from a page of this server" in answer.text
    assert remembered(tmp_path) == before


@pytest.mark.parametrize("path", SENT)
async def test_a_form_of_another_site(house: House, tmp_path: Path, path: str) -> None:
    visitor = await house.operator()
    id, _ = await house.served.run()
    before = remembered(tmp_path)
    del visitor.client.headers["sec-fetch-site"]
    for headers in FOREIGN:
        said = {name: value for name, value in headers.items() if value}
        answer = await visitor.client.post(
            filled(path, id), data={"form_token": visitor.form_token}, headers=said
        )
        assert (answer.status_code, "not sent from a page" in answer.text) == (403, True), headers
    assert remembered(tmp_path) == before


@pytest.mark.parametrize("path", ["/sign-in", "/welcome"])
async def test_nobody_is_signed_in_from_another_site(house: House, path: str) -> None:
    answer = await house.visitor().client.post(path, data={}, headers={"sec-fetch-site": "cross-site"})
    assert (answer.status_code, "set-cookie" in answer.headers) == (403, False)


@pytest.mark.parametrize(("method", "path"), OPERATORS)
async def test_a_maker_on_a_page_for_operators(house: House, tmp_path: Path, method: str, path: str) -> None:
    maker = await house.maker(house.served.owner.project.id)
    id, _ = await house.served.run()
    before = remembered(tmp_path)
    fields = {"form_token": maker.form_token}
    answer = await (
        maker.get(filled(path, id)) if method == "GET" else maker.client.post(filled(path, id), data=fields)
    )
    assert (answer.status_code, "for operators of the server" in answer.text) == (403, True)
    assert "set-cookie" not in answer.headers
    assert remembered(tmp_path) == before


@pytest.mark.parametrize("path", [*READ, "/sign-in", "/nowhere", "/operate/nowhere"])
async def test_every_page_says_what_it_may_load(house: House, path: str) -> None:
    visitor = await house.operator()
    id, _ = await house.served.run()
    if path == "/sign-in":
        visitor = house.visitor()
    answer = await visitor.get(filled(path, id))
    assert answer.status_code < 500
    if answer.status_code != 204:
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
    markup = Markup(answer.text)
    assert markup.live == []
    assert markup.loaded == []


async def test_static_files_are_what_is_there_and_nothing_else(house: House) -> None:
    visitor = house.visitor()
    page = (await visitor.get("/sign-in")).text
    for address in re.findall(r'(?:src|href)="(/static/[^"]+)"', page):
        answer = await visitor.get(address)
        assert (answer.status_code, "immutable" in answer.headers["cache-control"]) == (200, True)
    version = re.findall(r"/static/(\w+)/", page)[0]
    for name in ("../site.py", "%2e%2e/site.py", "..%2fsite.py", "nothing.js", ""):
        assert (await visitor.get(f"/static/{version}/{name}")).status_code == 404


@pytest.mark.parametrize("body", [b"\xff\xfe", b"a=1&" * 3000, b"x=" + b"a" * 300_000])
async def test_a_form_that_is_none(house: House, body: bytes) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = await house.visitor().client.post("/sign-in", content=body, headers=headers)
    assert answer.status_code in (400, 401, 413)
    assert "Traceback" not in answer.text
