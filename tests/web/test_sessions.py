"""Sessions: whom they let in and when they end, through the front door."""

import httpx
import pytest

from tests.api.served import BASE
from tests.web.visiting import PAGE, SECRET, House
from understudy.web.visit import SESSION_COOKIE


def cookie_of(headers: "list[tuple[str, str]]") -> str:
    return next(value for name, value in headers if name == "set-cookie")


async def test_a_planted_session_is_never_taken_over(house: House) -> None:
    await house.web.accounts.create("Ada", "operator", password=SECRET)
    visitor = house.visitor()
    visitor.client.cookies.set(SESSION_COOKIE, "planted" * 6)
    answer = await visitor.client.post("/sign-in", data={"name": "Ada", "password": SECRET})
    assert answer.status_code == 303
    assert "planted" not in answer.headers["set-cookie"]
    thief = house.visitor(cookies={SESSION_COOKIE: "planted" * 6})
    assert (await thief.get("/")).status_code == 303


async def test_each_signing_in_has_a_session_and_a_form_token_of_its_own(house: House) -> None:
    first = await house.operator()
    second = await house.visitor().signed_in("Ada")
    assert first.client.cookies[SESSION_COOKIE] != second.client.cookies[SESSION_COOKIE]
    assert first.form_token != second.form_token
    assert first.client.cookies[SESSION_COOKIE] not in (await first.get("/")).text
    stolen = await second.client.post("/clips/delete", data={"form_token": first.form_token})
    assert stolen.status_code == 403


async def test_signing_in_again_ends_the_session_before(house: House) -> None:
    visitor = await house.operator()
    kept = dict(visitor.client.cookies)
    assert (await visitor.send("/sign-in", name="Ada", password=SECRET)).status_code == 303
    assert (await visitor.get("/")).status_code == 200
    assert (await house.visitor(cookies=kept).get("/")).status_code == 303


@pytest.mark.parametrize("name", ["Ada", " Ada", "ADA\t", "A da"])
async def test_many_addresses_do_not_help_against_the_limit(house: House, name: str) -> None:
    await house.web.accounts.create("Ada", "operator", password=SECRET)
    transports = (
        httpx.ASGITransport(house.app, client=(f"198.51.{number}.7", 4711)) for number in range(101)
    )
    codes = []
    for number, transport in enumerate(transports):
        async with httpx.AsyncClient(transport=transport, base_url=BASE, headers=PAGE) as client:
            given = {"name": f"{' ' * number}{name}", "password": "wrong password"}
            codes.append((await client.post("/sign-in", data=given)).status_code)
    assert codes == [401] * 100 + [429]


@pytest.mark.parametrize("value", ["", "x", "a" * 10_000, "../../etc/passwd", "' or 1=1 --", "é", '"'])
async def test_made_up_sessions(house: House, value: str) -> None:
    await house.operator()
    thief = house.visitor()
    headers = [(b"cookie", f"{SESSION_COOKIE}={value}".encode())]
    assert (await thief.client.get("/", headers=headers)).status_code == 303


async def test_who_is_disabled_is_signed_out_at_once(house: House) -> None:
    maker = await house.maker(1)
    user = next(user for user in await house.web.accounts.list() if user.name == "Max")
    await house.operator()
    await house.web.accounts.set_enabled(user, False)
    assert (await maker.get("/")).status_code == 303
    answer = await maker.ask("/v1/Run/openai/sora-2-pro", json={"prompt": "A road."})
    assert (answer.status_code, answer.json()["result"]) == (401, False)
    again = await house.visitor().client.post("/sign-in", data={"name": "Max", "password": SECRET})
    assert (again.status_code, "set-cookie" in again.headers) == (401, False)


async def test_a_new_password_ends_all_sessions(house: House) -> None:
    visitor = await house.operator()
    user = next(user for user in await house.web.accounts.list() if user.name == "Ada")
    await house.web.accounts.set_password(user, "another battery horse")
    assert (await visitor.get("/")).status_code == 303
    old = await house.visitor().client.post("/sign-in", data={"name": "Ada", "password": SECRET})
    assert old.status_code == 401


async def test_a_claimed_address_does_not_help_against_the_limit(house: House) -> None:
    visitor = house.visitor()
    codes = [
        (
            await visitor.client.post(
                "/sign-in",
                data={"name": f"n{n}", "password": "x"},
                headers={"x-forwarded-for": f"10.0.0.{n}"},
            )
        ).status_code
        for n in range(12)
    ]
    assert codes == [401] * 10 + [429] * 2


async def test_who_is_let_in_is_not_told_by_the_words(house: House) -> None:
    await house.web.accounts.create("Ada", "operator", password=SECRET)
    said = {
        (
            await house.visitor().client.post("/sign-in", data={"name": name, "password": "wrong"})
        ).text.replace(name, "")
        for name in ("Ada", "Zed")
    }
    assert len(said) == 1
