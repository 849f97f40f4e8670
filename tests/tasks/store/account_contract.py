"""What every store must do about users: subclass `AccountContract`, give it a `store` fixture."""

import asyncio

from understudy.tasks.accounts.records import Invitation, Session, User
from understudy.tasks.store.store import Store


def ada(name: str = "Ada", **fields: object) -> User:
    return User(**{"id": 0, "name": name, "role": "operator", "created": 5.0, **fields})  # type: ignore[arg-type]


async def added(store: Store, user: User) -> User:
    found = await store.accounts.add_user(user)
    assert found is not None
    return found


class AccountContract:
    async def test_users_are_found_by_name_in_any_case(self, store: Store) -> None:
        user = await added(store, ada("Ädä Løve", role="maker", project=7, password="hash", enabled=False))
        assert await store.accounts.user(user.id) == user
        assert await store.accounts.user_by_name("äDÄ LØVE") == user
        assert await store.accounts.user_by_name("Ädä") is None
        assert user.id > 0
        assert (user.role, user.project, user.enabled) == ("maker", 7, False)

    async def test_a_name_is_taken_once(self, store: Store) -> None:
        both = await asyncio.gather(*(store.accounts.add_user(ada(name)) for name in ("Ada", "ADA")))
        assert sum(user is not None for user in both) == 1
        assert len(await store.accounts.users()) == 1

    async def test_users_change(self, store: Store) -> None:
        first, second = await added(store, ada()), await added(store, ada("Bob"))
        changed = await store.accounts.change_user(first.id, password="new", enabled=False, signed_in=9.0)
        assert changed is not None
        assert (changed.password, changed.enabled, changed.signed_in) == ("new", False, 9.0)
        assert await store.accounts.users() == [changed, second]
        assert await store.accounts.change_user(second.id + 99, enabled=True) is None

    async def test_users_are_looked_through(self, store: Store) -> None:
        first = await added(store, ada("Ädä Løve", role="maker", project=7))
        second = await added(store, ada("100%_x!", role="maker", project=7))
        third = await added(store, ada("Bob"))
        assert await store.accounts.look() == [third, second, first]
        assert await store.accounts.look(limit=2) == [third, second]
        assert await store.accounts.look(beyond=second.id) == [first]
        assert await store.accounts.look(project=7) == [second, first]
        assert await store.accounts.look("DÄ l") == [first]
        assert await store.accounts.look("0%_x!") == [second]
        assert await store.accounts.look("_") == [second]
        assert await store.accounts.look("100", project=8) == []

    async def test_a_session_lasts_until_its_end(self, store: Store) -> None:
        user = await added(store, ada())
        session = Session(key=b"k" * 32, user=user.id, created=5.0, until=10.0)
        await store.accounts.add_session(session)
        assert await store.accounts.session(session.key, 9.0) == (session, user)
        assert await store.accounts.session(session.key, 10.0) is None
        assert await store.accounts.session(b"another", 9.0) is None
        await store.accounts.prolong_session(session.key, 20.0)
        await store.accounts.prolong_session(session.key, 15.0)
        assert await store.accounts.session(session.key, 19.0) is not None
        await store.accounts.end_session(session.key)
        assert await store.accounts.session(session.key, 9.0) is None

    async def test_who_is_disabled_has_no_session(self, store: Store) -> None:
        user = await added(store, ada())
        await store.accounts.add_session(Session(key=b"k", user=user.id, created=5.0, until=10.0))
        await store.accounts.invite(Invitation(key=b"i", user=user.id, until=10.0))
        await store.accounts.change_user(user.id, enabled=False)
        assert await store.accounts.session(b"k", 6.0) is None
        assert await store.accounts.invited(b"i", 6.0) is None
        assert await store.accounts.accept_invitation(b"i", 6.0) is None

    async def test_all_sessions_end_but_one(self, store: Store) -> None:
        user, other = await added(store, ada()), await added(store, ada("Bob"))
        for key, owner in ((b"a", user), (b"b", user), (b"c", other)):
            await store.accounts.add_session(Session(key=key, user=owner.id, created=5.0, until=10.0))
        await store.accounts.invite(Invitation(key=b"i", user=user.id, until=10.0))
        await store.accounts.end_sessions(user.id, but=b"b")
        left = [key for key in (b"a", b"b", b"c") if await store.accounts.session(key, 6.0)]
        assert left == [b"b", b"c"]
        assert await store.accounts.invited(b"i", 6.0) is None

    async def test_an_invitation_is_accepted_once(self, store: Store) -> None:
        user = await added(store, ada())
        await store.accounts.invite(Invitation(key=b"old", user=user.id, until=10.0))
        await store.accounts.invite(Invitation(key=b"new", user=user.id, until=10.0))
        assert await store.accounts.invited(b"old", 6.0) is None
        assert await store.accounts.invited(b"new", 10.0) is None
        assert await store.accounts.invited(b"new", 6.0) == user
        answers = await asyncio.gather(*(store.accounts.accept_invitation(b"new", 6.0) for _ in range(5)))
        assert [answer for answer in answers if answer] == [user]

    async def test_what_has_ended_is_forgotten(self, store: Store) -> None:
        user = await added(store, ada())
        for key, until in ((b"a", 10.0), (b"b", 20.0)):
            await store.accounts.add_session(Session(key=key, user=user.id, created=5.0, until=until))
        await store.accounts.forget_sessions(15.0)
        assert await store.accounts.session(b"a", 1.0) is None
        assert await store.accounts.session(b"b", 1.0) is not None
