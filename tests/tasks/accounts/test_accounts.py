"""Users and their sessions, on a real store."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.tasks.examples import project
from understudy.errors import InvalidInput, NotAuthorized, NotFound, TooManyTries
from understudy.tasks.accounts.accounts import INVITATION_SECONDS, SESSION_SECONDS, Accounts
from understudy.tasks.accounts.passwords import Passwords
from understudy.tasks.store.sqlite.store import SqliteStore, open_sqlite
from understudy.tasks.vault import Vault

SECRET = "correct horse battery"
CHEAP = {"operations": 1, "memory": 8192}
"""A guess need not cost much here."""


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class Scene(NamedTuple):
    accounts: Accounts
    store: SqliteStore
    clock: Clock


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    store, clock = await open_sqlite(tmp_path / "tasks.db"), Clock()
    yield Scene(Accounts(store, Vault(bytes(32)), clock, Passwords(**CHEAP)), store, clock)
    await store.close()


async def test_somebody_signs_in_and_out(scene: Scene) -> None:
    user = await scene.accounts.create(" Ada  Lovelace", "operator", password=SECRET)
    assert user.name == "Ada Lovelace"
    signed_in = await scene.accounts.sign_in("ada lovelace", SECRET, "10.0.0.1")
    found = await scene.accounts.session(signed_in.token)
    assert found is not None
    assert found[1].id == user.id
    assert found[1].signed_in == scene.clock.now
    await scene.accounts.sign_out(signed_in.token)
    assert await scene.accounts.session(signed_in.token) is None


async def test_nothing_that_is_kept_signs_anybody_in(scene: Scene) -> None:
    await scene.accounts.create("Ada", "operator", password=SECRET)
    token = (await scene.accounts.sign_in("Ada", SECRET, "10.0.0.1")).token
    kept = scene.store._rows("SELECT key FROM sessions", ()) + scene.store._rows(
        "SELECT password FROM users", ()
    )
    text = b" ".join(cell if isinstance(cell, bytes) else cell.encode() for (cell,) in kept)
    assert token.encode() not in text
    assert SECRET.encode() not in text
    assert b"$argon2id$" in text


@pytest.mark.parametrize(
    ("name", "password"),
    [("Ada", "wrong horse battery"), ("Bob", SECRET), ("Ada", ""), ("A\0\ud800", SECRET)],
)
async def test_what_is_wrong_is_not_said(scene: Scene, name: str, password: str) -> None:
    await scene.accounts.create("Ada", "operator", password=SECRET)
    with pytest.raises(NotAuthorized, match=r"^The name or the password is not right\.$"):
        await scene.accounts.sign_in(name, password, "10.0.0.1")


async def test_who_has_no_password_needs_an_invitation(scene: Scene) -> None:
    user = await scene.accounts.create("Ada", "operator")
    with pytest.raises(NotAuthorized):
        await scene.accounts.sign_in("Ada", "", "10.0.0.1")
    token = await scene.accounts.invite(user)
    assert await scene.accounts.invited(token) == user
    with pytest.raises(InvalidInput, match="at least 10"):
        await scene.accounts.accept(token, "short")
    signed_in = await scene.accounts.accept(token, SECRET)
    assert await scene.accounts.session(signed_in.token) is not None
    with pytest.raises(NotAuthorized, match="used before"):
        await scene.accounts.accept(token)
    assert (await scene.accounts.sign_in("Ada", SECRET, "10.0.0.1")).user.id == user.id


async def test_an_invitation_is_too_old_after_a_week(scene: Scene) -> None:
    token = await scene.accounts.invite(await scene.accounts.create("Ada", "operator"))
    scene.clock.now += INVITATION_SECONDS
    assert await scene.accounts.invited(token) is None
    with pytest.raises(NotAuthorized):
        await scene.accounts.accept(token)


async def test_a_session_that_is_used_lasts(scene: Scene) -> None:
    await scene.accounts.create("Ada", "operator", password=SECRET)
    used, unused = [(await scene.accounts.sign_in("Ada", SECRET, "10.0.0.1")).token for _ in range(2)]
    for _ in range(3):
        scene.clock.now += SESSION_SECONDS / 2
        assert await scene.accounts.session(used) is not None
    assert await scene.accounts.session(unused) is None


async def test_wrong_tries_from_one_address_are_slowed_down(scene: Scene) -> None:
    await scene.accounts.create("Ada", "operator", password=SECRET)
    for number in range(10):
        with pytest.raises(NotAuthorized):
            await scene.accounts.sign_in(f"user{number}", "wrong password", "10.0.0.1")
    with pytest.raises(TooManyTries, match="Wait"):
        await scene.accounts.sign_in("Ada", SECRET, "10.0.0.1")
    assert await scene.accounts.sign_in("Ada", SECRET, "10.0.0.2")
    scene.clock.now += 31
    assert await scene.accounts.sign_in("Ada", SECRET, "10.0.0.1")


async def test_wrong_tries_at_one_name_are_slowed_down(scene: Scene) -> None:
    async def guess(number: int) -> type[Exception] | None:
        try:
            await scene.accounts.sign_in("Ada", "wrong password", f"10.0.0.{number}")
        except (NotAuthorized, TooManyTries) as error:
            return type(error)
        return None

    kinds = [await guess(number) for number in range(101)]
    assert kinds[:100] == [NotAuthorized] * 100
    assert kinds[100] is TooManyTries


async def test_spaces_make_no_other_name(scene: Scene) -> None:
    for number in range(100):
        with pytest.raises(NotAuthorized):
            await scene.accounts.sign_in(f"{' ' * number}Ada  L", "wrong password", f"10.0.0.{number}")
    with pytest.raises(TooManyTries):
        await scene.accounts.sign_in("ada l\t", "wrong password", "10.0.1.1")


async def test_a_network_of_ipv6_is_one_address(scene: Scene) -> None:
    for number in range(10):
        with pytest.raises(NotAuthorized):
            await scene.accounts.sign_in(f"user{number}", "wrong password", f"2001:db8:1:2:{number}::7")
    with pytest.raises(TooManyTries):
        await scene.accounts.sign_in("Ada", "wrong password", "2001:db8:1:2:ffff::7")
    with pytest.raises(NotAuthorized):
        await scene.accounts.sign_in("Ada", "wrong password", "2001:db8:1:3::7")


async def test_a_password_that_a_link_has_set_ends_the_sessions_of_the_old_one(scene: Scene) -> None:
    user = await scene.accounts.create("Ada", "operator", password=SECRET)
    stolen = (await scene.accounts.sign_in("Ada", SECRET, "10.0.0.1")).token
    signed_in = await scene.accounts.accept(await scene.accounts.invite(user), "another horse")
    assert await scene.accounts.session(stolen) is None
    assert await scene.accounts.session(signed_in.token) is not None


async def test_of_those_who_open_a_link_at_once_one_is_let_in(scene: Scene) -> None:
    token = await scene.accounts.invite(await scene.accounts.create("Ada", "operator"))
    tries = (scene.accounts.accept(token, f"another horse {number}") for number in range(5))
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(each, NotAuthorized) for each in outcomes) == 4
    (let_in,) = (each for each in outcomes if not isinstance(each, BaseException))
    assert await scene.accounts.session(let_in.token) is not None


async def test_a_link_of_who_is_disabled(scene: Scene) -> None:
    await scene.accounts.create("Bob", "operator")
    user = await scene.accounts.create("Ada", "operator")
    before = await scene.accounts.invite(user)
    await scene.accounts.set_enabled(user, False)
    after = await scene.accounts.invite(user)
    for token in (before, after):
        assert await scene.accounts.invited(token) is None
        with pytest.raises(NotAuthorized):
            await scene.accounts.accept(token, "another horse")


@pytest.mark.parametrize("what", ["password", "enabled"])
async def test_what_changes_while_a_password_is_checked(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    await scene.accounts.create("Bob", "operator")
    user = await scene.accounts.create("Ada", "operator", password=SECRET)
    matches = Passwords.matches

    async def slow(passwords: Passwords, password: str, kept: str) -> bool:
        right = await matches(passwords, password, kept)
        if what == "password":
            await scene.accounts.set_password(user, "another horse")
        else:
            await scene.accounts.set_enabled(user, False)
        return right

    monkeypatch.setattr(Passwords, "matches", slow)
    with pytest.raises(NotAuthorized):
        await scene.accounts.sign_in("Ada", SECRET, "10.0.0.1")
    assert scene.store._rows("SELECT key FROM sessions", ()) == []


async def test_operators_who_disable_each_other_at_once(scene: Scene) -> None:
    users = [await scene.accounts.create(name, "operator") for name in ("Ada", "Bob")]
    await asyncio.gather(*(scene.accounts.set_enabled(user, False) for user in users), return_exceptions=True)
    assert any(user.enabled for user in await scene.accounts.list())


async def test_a_new_password_ends_the_other_sessions(scene: Scene) -> None:
    user = await scene.accounts.create("Ada", "operator", password=SECRET)
    kept, ended = [(await scene.accounts.sign_in("Ada", SECRET, "10.0.0.1")).token for _ in range(2)]
    await scene.accounts.set_password(user, "another horse", keep=kept)
    assert await scene.accounts.session(kept) is not None
    assert await scene.accounts.session(ended) is None
    with pytest.raises(NotAuthorized):
        await scene.accounts.sign_in("Ada", SECRET, "10.0.0.1")


async def test_who_is_disabled_is_out_at_once(scene: Scene) -> None:
    first = await scene.accounts.create("Ada", "operator", password=SECRET)
    with pytest.raises(InvalidInput, match="only operator"):
        await scene.accounts.set_enabled(first, False)
    await scene.accounts.create("Bob", "operator")
    token = (await scene.accounts.sign_in("Ada", SECRET, "10.0.0.1")).token
    await scene.accounts.set_enabled(first, False)
    assert await scene.accounts.session(token) is None
    with pytest.raises(NotAuthorized):
        await scene.accounts.sign_in("Ada", SECRET, "10.0.0.1")


async def test_what_makes_no_user(scene: Scene) -> None:
    owner = await scene.store.add_project(project())
    maker = await scene.accounts.create("Max", "maker", project=owner.id, password=SECRET)
    assert maker.project == owner.id
    refused: list[tuple[str, dict[str, object]]] = [
        ("", {"role": "operator"}),
        ("x" * 81, {"role": "operator"}),
        ("a\x1bb", {"role": "operator"}),
        ("MAX", {"role": "operator"}),
        ("Ada", {"role": "maker"}),
        ("Ada", {"role": "operator", "project": owner.id}),
        ("Ada", {"role": "operator", "password": "short"}),
        ("Ada", {"role": "operator", "password": "x" * 1025}),
    ]
    for name, fields in refused:
        with pytest.raises(InvalidInput):
            await scene.accounts.create(name, **fields)  # type: ignore[arg-type]
    with pytest.raises(NotFound, match="project 99"):
        await scene.accounts.create("Ada", "maker", project=99)
    assert [user.name for user in await scene.accounts.list()] == ["Max"]


async def test_a_form_belongs_to_its_session(scene: Scene) -> None:
    await scene.accounts.create("Ada", "operator", password=SECRET)
    one, other = [(await scene.accounts.sign_in("Ada", SECRET, "10.0.0.1")).token for _ in range(2)]
    assert scene.accounts.is_form_token(one, scene.accounts.form_token(one))
    assert not scene.accounts.is_form_token(other, scene.accounts.form_token(one))
    assert not scene.accounts.is_form_token(one, "")
    assert not scene.accounts.is_form_token(one, "é")


async def test_passwords_are_checked_beside_the_loop_and_a_few_at_a_time() -> None:
    passwords = Passwords()
    kept = await passwords.hash(SECRET)
    assert "m=65536" in kept
    assert await passwords.matches(SECRET, kept)
    assert not await passwords.matches("x" * 2000, kept)
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.005)
            ticks += 1

    ticking = asyncio.create_task(tick())
    assert not any(await asyncio.gather(*(passwords.matches("wrong", kept) for _ in range(4))))
    ticking.cancel()
    assert ticks > 3
