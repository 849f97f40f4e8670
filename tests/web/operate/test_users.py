"""Users, through the front door."""

import re
from html import unescape

import pytest

from tests.web.visiting import SECRET, House, Markup, Visitor
from understudy.web.site import PAGES

USERS = "/operate/users"
HOSTILE = "<script>alert(1)</script>\"'{{7*7}}"
OTHER = "another horse and battery"
_LINK = re.compile(r"<code>(http://understudy\.test/sign-in#[\w-]+)</code>")
FORMS = [page.path for page in PAGES if page.method == "POST" and page.path.startswith(USERS)]
FIELDS = {"name": "Ada", "role": "operator", "project": "1"}


def token_in(text: str) -> str:
    (link,) = _LINK.findall(text)
    return str(link).partition("#")[2]


async def accepted(house: House, token: str) -> Visitor:
    """Somebody who followed a link and chose a password."""
    visitor = house.visitor()
    answer = await visitor.client.post("/welcome", data={"invitation": token, "password": SECRET})
    assert answer.status_code == 303, answer.text
    return visitor


async def may_sign_in(house: House, name: str, password: str = SECRET) -> bool:
    answer = await house.visitor().client.post("/sign-in", data={"name": name, "password": password})
    return answer.status_code == 303


async def test_the_list_says_who_may_do_what(house: House) -> None:
    visitor = await house.operator()
    other = (await house.web.projects.create("Ädä's films")).project
    await house.maker(other.id, "Max")
    await house.web.accounts.create("Kay", "operator")
    await house.web.accounts.set_enabled(await house.web.accounts.get("Max"), False)
    page = " ".join((await visitor.get(USERS)).text.split())
    rows = {row.split()[0]: row for row in re.findall(r'<th scope="row" class="what">(.*?)</tr>', page)}
    assert list(rows) == ["Kay", "Max", "Ada"]
    assert "no password yet" in rows["Kay"]
    assert "never" in rows["Kay"]
    assert "disabled" in rows["Max"]
    assert f'<a href="/operate/projects/{other.id}">Ädä&#39;s films</a>' in rows["Max"]
    assert "just now" in rows["Ada"]
    assert "/account" in rows["Ada"], "nobody disables themselves by a slip"
    assert "/disable" not in rows["Ada"]


async def test_the_list_goes_on_and_is_searched(house: House) -> None:
    visitor = await house.operator()
    for number in range(60):
        await house.web.accounts.create(f"User {number:02}", "maker", project=1)
    page = (await visitor.get(USERS)).text
    assert re.findall(r">User (\d+)\s*(?:<span|</th)", page) == [f"{n:02}" for n in range(59, 9, -1)]
    (older,) = re.findall(r'href="(/operate/users\?[^"]*beyond=\d+)"', page)
    page = (await visitor.get(unescape(older))).text
    assert re.findall(r'class="what">User (\d+)', page) == [f"{n:02}" for n in range(9, -1, -1)]
    found = (await visitor.get(f"{USERS}?q=SER+17")).text
    assert re.findall(r'class="what">User (\d+)', found) == ["17"]
    assert "Nobody fits" in (await visitor.get(f"{USERS}?project=9")).text
    for odd in ("beyond=-1", "project=x", "beyond=1", "q=%25"):
        assert (await visitor.get(f"{USERS}?{odd}")).status_code == 200


async def test_a_new_maker_comes_in_by_a_link_that_is_shown_once(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    visitor = await house.operator()
    answer = await visitor.send(USERS, name=" Max  Power", role="maker", project="1")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    token = token_in(answer.text)
    assert token not in (await visitor.get(USERS)).text
    assert token not in caplog.text
    maker = await accepted(house, token)
    assert (await maker.get("/clips")).status_code == 200
    assert (await maker.get(USERS)).status_code == 403
    assert (await house.web.accounts.get("max power")).project == 1


async def test_a_new_operator_needs_no_project(house: House) -> None:
    visitor = await house.operator()
    answer = await visitor.send(USERS, name="Kay", role="operator", project="1")
    operator = await accepted(house, token_in(answer.text))
    assert (await operator.get(USERS)).status_code == 200


@pytest.mark.parametrize(
    ("fields", "status", "why"),
    [
        ({"name": " ", "role": "operator"}, 400, "A user needs a name"),
        ({"name": "x" * 81, "role": "operator"}, 400, "at most 80 characters"),
        ({"name": "ADA", "role": "operator"}, 400, "There is a user named ADA already."),
        ({"name": "Max", "role": "maker"}, 400, "A maker works in one project: say which."),
        ({"name": "Max", "role": "maker", "project": "one"}, 400, "say which"),
        ({"name": "Max", "role": "maker", "project": "7"}, 404, "There is no project 7."),
        ({"name": "Max"}, 400, "Choose what the user may do."),
        ({"name": "Max", "role": "owner"}, 400, "Choose what the user may do."),
    ],
)
async def test_what_makes_no_user(house: House, fields: dict[str, str], status: int, why: str) -> None:
    visitor = await house.operator()
    answer = await visitor.send(USERS, **fields)
    assert (answer.status_code, why in answer.text) == (status, True)
    assert f'value="{fields["name"]}"' in answer.text, "what was written is still there"
    assert len(await house.web.accounts.list()) == 1


async def test_a_new_link_takes_the_place_of_a_password_when_it_is_used(house: House) -> None:
    visitor = await house.operator()
    maker = await house.maker(1)
    first = token_in((await visitor.send(f"{USERS}/link", name="Max")).text)
    answer = await visitor.send(f"{USERS}/link", name="Max")
    assert "the password so far goes on working" in answer.text
    assert (await maker.get("/clips")).status_code == 200
    assert await may_sign_in(house, "Max")
    again = await house.visitor().client.post("/welcome", data={"invitation": first})
    assert again.status_code == 403, "an earlier link works no more"
    fields = {"invitation": token_in(answer.text), "password": OTHER}
    assert (await house.visitor().client.post("/welcome", data=fields)).status_code == 303
    assert not await may_sign_in(house, "Max")
    assert await may_sign_in(house, "Max", OTHER)


async def test_who_is_disabled_is_out_at_once_and_may_come_back(house: House) -> None:
    visitor = await house.operator()
    maker = await house.maker(1)
    answer = await visitor.send(f"{USERS}/disable", name="Max")
    assert answer.headers["location"] == f"{USERS}?done=disable"
    assert (await maker.get("/clips")).status_code == 303
    assert not await may_sign_in(house, "Max")
    refused = await visitor.send(f"{USERS}/link", name="Max")
    assert (refused.status_code, "Enable the user first" in refused.text) == (400, True)
    await visitor.send(f"{USERS}/enable", name="Max")
    assert await may_sign_in(house, "Max")


async def test_the_last_operator_stays(house: House) -> None:
    visitor = await house.operator()
    answer = await visitor.send(f"{USERS}/disable", name="Ada")
    assert (answer.status_code, "This is the only operator" in answer.text) == (400, True)
    assert (await visitor.get(USERS)).status_code == 200


async def test_a_maker_moves_to_another_project(house: House) -> None:
    visitor = await house.operator()
    maker = await house.maker(1)
    other = (await house.web.projects.create("other")).project
    id, _ = await house.served.run()
    assert (await maker.get(f"/clips/{id}")).status_code == 200
    answer = await visitor.send(f"{USERS}/move", name="Max", project=str(other.id))
    assert answer.headers["location"] == f"{USERS}?done=move"
    assert (await maker.get(f"/clips/{id}")).status_code == 404
    for name, project, why in (
        ("Max", "9", "There is no project 9."),
        ("Max", "", "There is no project 0."),
        ("Ada", "1", "An operator sees every project."),
        ("Nobody", "1", "There is no user named Nobody."),
    ):
        refused = await visitor.send(f"{USERS}/move", name=name, project=project)
        assert refused.status_code in (400, 404)
        assert why in refused.text


@pytest.mark.parametrize("path", [path for path in FORMS if path != USERS])
@pytest.mark.parametrize("name", ["Nobody", "", "\x00"])
async def test_nobody_of_that_name(house: House, path: str, name: str) -> None:
    visitor = await house.operator()
    assert (await visitor.send(path, name=name, project="1")).status_code == 404


@pytest.mark.parametrize("path", FORMS)
async def test_makers_and_forms_of_others_change_nobody(house: House, path: str) -> None:
    operator, maker = await house.operator(), await house.maker(1)
    before = await house.web.accounts.list()
    assert (await maker.send(path, **FIELDS | {"name": "Max"})).status_code == 403
    assert (await operator.client.post(path, data=FIELDS | {"name": "Max"})).status_code == 403
    assert await house.web.accounts.list() == before
    assert (await maker.get(USERS)).status_code == 403


async def test_names_are_text(house: House) -> None:
    visitor = await house.operator()
    await house.web.projects.create(HOSTILE)
    pages = [(await visitor.send(USERS, name=HOSTILE, role="maker", project="2")).text]
    pages += [(await visitor.send(f"{USERS}/link", name=HOSTILE)).text]
    pages += [(await visitor.get(path)).text for path in (USERS, f"{USERS}?q={HOSTILE}")]
    pages += [
        (await visitor.send(path, name=HOSTILE + "2", role="x", project=HOSTILE)).text for path in FORMS
    ]
    hostile = await accepted(house, token_in(pages[1]))
    pages += [(await hostile.get("/account")).text]
    for text in pages:
        assert Markup(text).live == []
        assert "<script>alert" not in text
        assert "alert(1)" in text, "and it is shown"


async def test_many_projects_are_asked_for_by_their_number(house: House) -> None:
    visitor = await house.operator()
    assert '<select name="project">' in (await visitor.get(USERS)).text
    for number in range(100):
        await house.web.projects.create(f"p{number}")
    page = (await visitor.get(USERS)).text
    assert '<select name="project">' not in page
    answer = await visitor.send(USERS, name="Max", role="maker", project=" 1 ")
    assert answer.status_code == 200
    assert ">default</a>" in (await visitor.get(USERS)).text
