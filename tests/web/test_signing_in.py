"""Signing in and out, through the front door."""

import pytest

from tests.web.visiting import PAGE, SECRET, House


async def test_with_a_password(house: House) -> None:
    visitor = await house.operator()
    assert "Models" in (await visitor.get("/")).text
    assert (await visitor.send("/sign-out")).headers["location"] == "/sign-in"
    assert (await visitor.get("/")).headers["location"] == "/sign-in"


async def test_the_cookie_is_for_the_browser_alone(house: House) -> None:
    await house.web.accounts.create("Ada", "operator", password=SECRET)
    answer = await house.visitor().client.post("/sign-in", data={"name": "Ada", "password": SECRET})
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


async def test_a_session_that_was_ended_is_of_no_use_to_who_kept_its_cookie(house: House) -> None:
    visitor = await house.operator()
    kept = dict(visitor.client.cookies)
    await visitor.send("/sign-out")
    thief = house.visitor(cookies=kept)
    assert (await thief.get("/")).status_code == 303


async def test_what_is_wrong_is_said_on_the_page(house: House) -> None:
    visitor = house.visitor()
    answer = await visitor.client.post("/sign-in", data={"name": '"><script>', "password": "no"})
    assert answer.status_code == 401
    assert "The name or the password is not right." in answer.text
    assert "<script>" not in answer.text.replace('<script src="', "")


async def test_too_many_tries(house: House) -> None:
    visitor = house.visitor()
    codes = [
        (await visitor.client.post("/sign-in", data={"name": f"n{n}", "password": "x"})).status_code
        for n in range(11)
    ]
    assert codes == [401] * 10 + [429]


async def test_with_a_link_once(house: House) -> None:
    user = await house.web.accounts.create("Ada", "operator")
    token = await house.web.accounts.invite(user)
    visitor = house.visitor()
    assert "Welcome, Ada" in (await visitor.client.post("/welcome", data={"invitation": token})).text
    short = await visitor.client.post("/welcome", data={"invitation": token, "password": "short"})
    assert (short.status_code, "at least 10" in short.text) == (400, True)
    answer = await visitor.client.post("/welcome", data={"invitation": token, "password": SECRET})
    assert answer.headers["location"] == "/"
    assert (await visitor.get("/")).status_code == 200
    again = await house.visitor().client.post("/welcome", data={"invitation": token, "password": SECRET})
    assert (again.status_code, "used before" in again.text) == (403, True)


@pytest.mark.parametrize(
    ("wanted", "leads_to"),
    [
        ("/clips/7?x=1", "/clips/7?x=1"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example", "/"),
        ("/a\r\nset-cookie: x", "/"),
    ],
)
async def test_after_it_the_page_that_was_wanted_and_no_other_host(
    house: House, wanted: str, leads_to: str
) -> None:
    await house.web.accounts.create("Ada", "operator", password=SECRET)
    fields = {"name": "Ada", "password": SECRET, "next": wanted}
    answer = await house.visitor().client.post("/sign-in", data=fields)
    assert answer.headers["location"] == leads_to


async def test_other_sites_cannot_sign_anybody_in(house: House) -> None:
    await house.web.accounts.create("Ada", "operator", password=SECRET)
    for headers in (
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://evil.example"},
    ):
        client = house.visitor().client
        if "origin" in headers:
            del client.headers["sec-fetch-site"]
        answer = await client.post("/sign-in", data={"name": "Ada", "password": SECRET}, headers=headers)
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers


async def test_a_program_at_the_door_gets_json(house: House) -> None:
    client = house.visitor().client
    client.headers["accept"] = "*/*"
    assert (await client.get("/")).json()["name"] == "understudy"
    assert (await client.get("/nowhere")).json()["result"] is False
    client.headers["accept"] = PAGE["accept"]
    assert "There is no such page." in (await client.get("/nowhere")).text
