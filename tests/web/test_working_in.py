"""The project in which an operator makes clips, through the front door."""

import re
import time
from decimal import Decimal

import httpx
import msgspec
import pytest

from tests.api.served import SORA
from tests.web.visiting import SECRET, House
from understudy.api.app import create_app
from understudy.tasks.records import Project
from understudy.web.proof import Proof
from understudy.web.site import Site
from understudy.web.visit import SESSION_COOKIE

WORKING_IN = re.compile(
    r'<a href="/working-in"[^>]*>.*?<span>(?:<span class="hidden">Working in </span>)?(.*?)</span>'
)


async def other(house: House, name: str = "Other") -> Project:
    return (await house.served.parts.projects.create(name)).project


async def test_choosing(house: House) -> None:
    visitor, project = await house.operator(), await other(house)
    assert WORKING_IN.findall((await visitor.get("/")).text) == ["default"]
    await house.served.run(prompt="In the first.")
    answer = await visitor.send("/working-in", project=str(project.id))
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "secure" not in cookie, "browsers would not send it over plain HTTP"
    for page in ("/", "/clips", "/models/openai/sora-2-pro", "/compare", "/working-in"):
        assert WORKING_IN.findall((await visitor.get(page)).text) == ["Other"]
    assert "In the first." not in (await visitor.get("/clips")).text
    id = (await visitor.ask(SORA, json={"prompt": "In the second."})).json()["taskid"]
    task = await house.served.parts.store.task(int(id))
    assert task is not None
    assert task.project == project.id
    assert "In the second." in (await visitor.get("/clips")).text


async def test_over_https_the_cookies_are_for_https_alone(house: House) -> None:
    web = msgspec.structs.replace(house.web, base_url="https://understudy.test")
    house.app = create_app(msgspec.structs.replace(house.served.parts, web=Site(web), signed_in=Proof(web)))
    await house.web.accounts.create("Ada", "operator", password=SECRET)
    visitor = house.visitor()
    visitor.client.base_url = httpx.URL("https://understudy.test")
    await visitor.signed_in("Ada")
    (session,) = [cookie for cookie in visitor.client.cookies.jar if cookie.name == SESSION_COOKIE]
    assert session.secure
    answer = await visitor.send("/working-in", project="1")
    assert "; secure" in answer.headers["set-cookie"].lower()


@pytest.mark.parametrize("id", ["", "0", "99", "-1", "1.5", "one", "9" * 30, "1 or 1=1"])
async def test_a_project_that_there_is_not(house: House, id: str) -> None:
    visitor = await house.operator()
    answer = await visitor.send("/working-in", project=id)
    assert (answer.status_code, "There is no such project." in answer.text) == (404, True)
    assert "set-cookie" not in answer.headers


async def test_a_disabled_one(house: House) -> None:
    visitor, project = await house.operator(), await other(house, "Shut & closed")
    await visitor.send("/working-in", project=str(project.id))
    await house.served.parts.store.change_project(project.id, enabled=False)
    assert WORKING_IN.findall((await visitor.get("/")).text) == ["default"], "the first goes on"
    answer = await visitor.send("/working-in", project=str(project.id))
    assert (answer.status_code, "Shut &amp; closed is disabled" in answer.text) == (409, True)
    await house.served.parts.store.change_project(1, enabled=False)
    page = (await visitor.get("/models/openai/sora-2-pro")).text
    assert WORKING_IN.findall(page) == ["Choose a project"]
    assert re.search(r'<button class="primary wide"[^>]* disabled>', page)
    answer = await visitor.ask(SORA, json={"prompt": "A road."})
    assert (answer.status_code, "Choose the project" in answer.text) == (401, True)
    assert (await visitor.get("/clips")).status_code == 200


async def test_a_maker_has_no_choice(house: House) -> None:
    project = await other(house)
    maker = await house.maker(project.id)
    assert (await maker.send("/working-in", project="1")).status_code == 403
    maker.client.cookies.set("understudy_project", "1")
    page = (await maker.get("/")).text
    assert '<span><span class="hidden">Working in </span>Other</span>' in page
    assert "/working-in" not in page


async def test_among_many(house: House) -> None:
    visitor, store = await house.operator(), house.served.parts.store
    for number in range(2, 122):
        await store.add_project(
            Project(
                id=0, name=f"Studio {number}", auth="key", key_hash=bytes([number]), api_key=b"",
                api_secret=b"", webhook_secret=b"", balance=Decimal(0),
            )
        )  # fmt: skip
    page = (await visitor.get("/working-in")).text
    assert len(re.findall(r'name="project"', page)) == 50
    seen = set(re.findall(r'name="project" value="(\d+)"', page))
    while more := re.findall(r'href="(/working-in\?[^"]*beyond=\d+)"', page):
        page = (await visitor.get(more[0].replace("&amp;", "&"))).text
        seen |= set(re.findall(r'name="project" value="(\d+)"', page))
    assert len(seen) == 120
    found = (await visitor.get("/working-in?q=studio+77")).text
    assert re.findall(
        r'name="project" value="\d+" type="submit">Work here<span class="hidden">: (.*?)<', found
    ) == ["Studio 77"]
    assert "No project fits" in (await visitor.get("/working-in?q=nothing")).text
    began = time.perf_counter()
    await visitor.get("/working-in")
    assert time.perf_counter() - began < 1.0
