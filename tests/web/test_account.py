"""One's own account, through the front door."""

import pytest

from tests.web.visiting import SECRET, House, Visitor

OTHER = "another horse and battery"


async def another_browser(house: House, name: str) -> Visitor:
    return await house.visitor().signed_in(name)


async def test_everybody_has_one(house: House) -> None:
    operator, maker = await house.operator(), await house.maker(1)
    assert "Operator: you may do everything" in (await operator.get("/account")).text
    assert "Maker in default" in (await maker.get("/account")).text
    assert (await house.visitor().get("/account")).status_code == 303


async def test_another_password_signs_out_everywhere_else(house: House) -> None:
    maker = await house.maker(1)
    elsewhere = await another_browser(house, "Max")
    answer = await maker.send("/account/password", old=SECRET, new=OTHER, again=OTHER)
    assert answer.headers["location"] == "/account?done=password"
    assert "The new password is set." in (await maker.get("/account?done=password")).text
    assert (await elsewhere.get("/account")).status_code == 303
    fields = {"name": "Max", "password": OTHER}
    assert (await house.visitor().client.post("/sign-in", data=fields)).status_code == 303
    fields["password"] = SECRET
    assert (await house.visitor().client.post("/sign-in", data=fields)).status_code == 401


@pytest.mark.parametrize(
    ("old", "new", "again", "status", "why"),
    [
        ("wrong", OTHER, OTHER, 401, "The password so far is not right."),
        ("", OTHER, OTHER, 401, "The password so far is not right."),
        (SECRET, "short", "short", 400, "at least 10 characters"),
        (SECRET, OTHER, OTHER + "!", 400, "not written the same way twice"),
        (SECRET, "", "", 400, "at least 10 characters"),
    ],
)
async def test_what_changes_no_password(
    house: House, old: str, new: str, again: str, status: int, why: str
) -> None:
    maker = await house.maker(1)
    answer = await maker.send("/account/password", old=old, new=new, again=again)
    assert (answer.status_code, why in answer.text) == (status, True)
    assert not any(f'value="{secret}"' in answer.text for secret in (old, new) if secret)
    assert await another_browser(house, "Max")


async def test_the_password_so_far_is_not_guessed(house: House) -> None:
    maker = await house.maker(1)
    fields = {"new": OTHER, "again": OTHER}
    codes = [
        (await maker.send("/account/password", old=f"wrong {number}", **fields)).status_code
        for number in range(10)
    ]
    # Signing in was the first of the ten tries that an address has.
    assert codes == [401] * 9 + [429]
    right = await maker.send("/account/password", old=SECRET, **fields)
    assert (right.status_code, "too many tries" in right.text) == (429, True)


async def test_who_came_by_a_link_and_has_no_password_sets_the_first(house: House) -> None:
    user = await house.web.accounts.create("Kay", "operator")
    token = (await house.web.accounts.accept(await house.web.accounts.invite(user))).token
    visitor = house.visitor(cookies={"understudy_session": token})
    visitor.form_token = house.web.accounts.form_token(token)
    assert "have none yet" in (await visitor.get("/account")).text
    assert (await visitor.send("/account/password", new=SECRET, again=SECRET)).status_code == 303
    assert await another_browser(house, "Kay")


async def test_signing_out_everywhere_else(house: House) -> None:
    maker = await house.maker(1)
    elsewhere, other = await another_browser(house, "Max"), await house.operator()
    answer = await maker.send("/account/sessions")
    assert answer.headers["location"] == "/account?done=sessions"
    assert (await maker.get("/account")).status_code == 200
    assert (await elsewhere.get("/account")).status_code == 303
    assert (await other.get("/account")).status_code == 200


@pytest.mark.parametrize("path", ["/account/password", "/account/sessions"])
async def test_a_form_of_somebody_else_changes_nothing(house: House, path: str) -> None:
    maker = await house.maker(1)
    elsewhere = await another_browser(house, "Max")
    fields = {"old": SECRET, "new": OTHER, "again": OTHER}
    assert (await maker.client.post(path, data=fields)).status_code == 403
    stolen = {**fields, "form_token": elsewhere.form_token}
    assert (await maker.client.post(path, data=stolen)).status_code == 403
    assert (await elsewhere.get("/account")).status_code == 200
    assert await another_browser(house, "Max")
