"""What the pages let nobody do, through the front door."""

import re

import pytest

from tests.api.served import SORA
from tests.web.visiting import House, Markup
from understudy.web.site import PAGES

READ = sorted({page.path for page in PAGES if page.method == "GET" and page.needs != "nobody"})
SENT = sorted({page.path for page in PAGES if page.method == "POST" and page.needs != "nobody"})
ATTACK = "</textarea></script><script>alert(1)</script><img src=x onerror=alert(1)>\"'{{7*7}}"


def filled(path: str, id: str = "1") -> str:
    values = {"owner": "openai", "slug": "sora-2-pro", "id": id}
    return re.sub(r"\{(\w+)\}", lambda found: values[found[1]], path)


@pytest.mark.parametrize("path", READ)
async def test_a_page_without_a_session(house: House, path: str) -> None:
    answer = await house.visitor().get(filled(path))
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in")


@pytest.mark.parametrize("path", SENT)
async def test_a_form_without_a_session(house: House, path: str) -> None:
    answer = await house.visitor().client.post(filled(path), data={})
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in")


@pytest.mark.parametrize("path", SENT)
@pytest.mark.parametrize("token", ["", "0" * 64, "another's"])
async def test_a_form_without_its_token(house: House, path: str, token: str) -> None:
    visitor, other = await house.operator(), await house.operator("Bob")
    given = other.form_token if token == "another's" else token
    answer = await visitor.client.post(filled(path), data={"form_token": given})
    assert answer.status_code == 403
    assert "not sent from a page of this server" in answer.text


@pytest.mark.parametrize("path", SENT)
async def test_a_form_of_another_site(house: House, path: str) -> None:
    visitor = await house.operator()
    fields = {"form_token": visitor.form_token}
    answer = await visitor.client.post(filled(path), data=fields, headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403


async def test_a_session_alone_does_not_ask_the_api(house: House) -> None:
    visitor = await house.operator()
    without = await visitor.client.post(SORA, json={"prompt": "A road."})
    assert (without.status_code, without.json()["result"]) == (401, False)
    answer = await visitor.ask(SORA, json={"prompt": "A road."})
    assert answer.json()["result"] is True


async def test_a_maker_sees_and_stops_only_the_project_s_own(house: House) -> None:
    other = await house.served.parts.projects.create("other")
    maker = await house.maker(other.project.id)
    id, token = await house.served.run()
    for path in (f"/clips/{id}", f"/clips/{id}/body"):
        assert (await maker.get(path)).status_code == 404
    assert (await maker.send(f"/clips/{id}/stop")).status_code == 404
    for key in ("taskid", "tasktoken"):
        answer = await maker.ask("/v1/Task/Detail", json={key: id if key == "taskid" else token})
        assert answer.json()["result"] is False
    maker.client.cookies.set("understudy_project", str(house.served.owner.project.id))
    assert (await maker.get(f"/clips/{id}")).status_code == 404
    (task,) = await house.served.tasks()
    assert task.status == "task_queue"


async def test_a_maker_whose_project_is_disabled_makes_nothing(house: House) -> None:
    other = await house.served.parts.projects.create("other")
    maker = await house.maker(other.project.id)
    await house.served.parts.store.change_project(other.project.id, enabled=False)
    answer = await maker.ask(SORA, json={"prompt": "A road."})
    assert (answer.status_code, answer.json()["result"]) == (401, False)


async def test_what_users_write_is_text(house: House) -> None:
    visitor = await house.operator(name='<b>"Ada"</b>')
    id = (await visitor.ask(SORA, json={"prompt": ATTACK})).json()["taskid"]
    for path in (f"/clips/{id}", f"/models/openai/sora-2-pro?from={id}", f"/?q={ATTACK}"):
        text = (await visitor.get(path)).text
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert "49" not in text or "{{7*7}}" in text
        assert Markup(text).live == []
        assert "<b>" not in text


@pytest.mark.parametrize("path", [*READ, "/sign-in", "/nowhere"])
async def test_every_page_says_what_it_may_load(house: House, path: str) -> None:
    visitor = await house.operator()
    id = (await visitor.ask(SORA, json={"prompt": "A road."})).json()["taskid"]
    if path == "/sign-in":
        visitor = house.visitor()
    answer = await visitor.get(filled(path, id))
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


async def test_the_addresses_of_a_project_hold_for_its_pages_too(house: House) -> None:
    other = await house.served.parts.projects.create("other", allow=("10.0.0.0/8",))
    maker = await house.maker(other.project.id)
    answer = await maker.ask(SORA, json={"prompt": "A road."})
    assert (answer.status_code, "is not allowed" in answer.text) == (401, True)
