"""Users, sessions and invitations, the same for every store."""

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from understudy.tasks.accounts.records import Invitation, Session, User
from understudy.tasks.store.asks import Asks
from understudy.tasks.store.rows import columns

_USER_FIELDS = User.__struct_fields__
_NEW = tuple(name for name in _USER_FIELDS if name != "id")
_CHANGEABLE = frozenset(_USER_FIELDS) - {"id", "name", "role"}
# Column names are this program's own words; values are always bound.
_USERS = f"SELECT {columns(_USER_FIELDS)} FROM users"  # noqa: S608
_ADD = f"""
INSERT INTO users (folded, {columns(_NEW)}) VALUES ($1, {", ".join(f"${n + 2}" for n in range(len(_NEW)))})
ON CONFLICT (folded) DO NOTHING RETURNING id
"""  # noqa: S608
_BY_ID = f"{_USERS} WHERE id = $1"
_BY_NAME = f"{_USERS} WHERE folded = $1"
_ALL = f"{_USERS} ORDER BY id"
_LOOK = f"""
{_USERS} WHERE id < $1 AND folded LIKE $3 ESCAPE '!' AND (project = $4 OR $4 = 0) ORDER BY id DESC LIMIT $2
"""
_NEWEST = 2**62
_ADD_SESSION = 'INSERT INTO sessions (key, "user", created, until) VALUES ($1, $2, $3, $4)'
_SESSION = f"""
SELECT sessions.key, sessions.created, sessions.until, {", ".join(f"users.{name}" for name in _USER_FIELDS)}
FROM sessions JOIN users ON users.id = sessions."user"
WHERE sessions.key = $1 AND sessions.until > $2 AND users.enabled = 1
"""  # noqa: S608
_PROLONG = "UPDATE sessions SET until = $2 WHERE key = $1 AND until < $2"
_END = "DELETE FROM sessions WHERE key = $1"
_END_ALL = 'DELETE FROM sessions WHERE "user" = $1 AND key <> $2'
_UNINVITE = 'DELETE FROM invitations WHERE "user" = $1'
_INVITE = """
INSERT INTO invitations ("user", key, until) VALUES ($1, $2, $3)
ON CONFLICT ("user") DO UPDATE SET key = excluded.key, until = excluded.until
"""
_INVITED = 'SELECT "user" FROM invitations WHERE key = $1 AND until > $2'
_ACCEPT = 'DELETE FROM invitations WHERE key = $1 AND until > $2 RETURNING "user"'
_FORGET = (
    "DELETE FROM sessions WHERE key IN (SELECT key FROM sessions WHERE until < $1 LIMIT 1000)",
    "DELETE FROM invitations WHERE until < $1",
)


class AccountRows:
    """`AccountStore` on a database."""

    def __init__(self, database: Asks) -> None:
        self._asks = database

    async def add_user(self, user: User) -> User | None:
        """See `AccountStore`."""
        cells = (_to_cell(getattr(user, name)) for name in _NEW)
        found = await self._asks.change(_ADD, user.name.casefold(), *cells)
        return replace(user, id=found[0][0]) if found else None

    async def user(self, id: int) -> User | None:
        """See `AccountStore`."""
        return _first(await self._asks.read(_BY_ID, id))

    async def user_by_name(self, name: str) -> User | None:
        """See `AccountStore`."""
        return _first(await self._asks.read(_BY_NAME, name.casefold()))

    async def users(self) -> list[User]:
        """See `AccountStore`."""
        return [_to_user(row) for row in await self._asks.read(_ALL)]

    async def look(self, text: str = "", *, project: int = 0, beyond: int = 0, limit: int = 50) -> list[User]:
        """See `AccountStore`."""
        pattern = f"%{_literal(text.casefold())}%"
        return [
            _to_user(row) for row in await self._asks.read(_LOOK, beyond or _NEWEST, limit, pattern, project)
        ]

    async def change_user(self, id: int, **fields: Any) -> User | None:
        """See `AccountStore`."""
        assert fields.keys() <= _CHANGEABLE
        assignments = ", ".join(f"{name} = ${number}" for number, name in enumerate(fields, 2))
        sql = f"UPDATE users SET {assignments} WHERE id = $1 RETURNING {columns(_USER_FIELDS)}"  # noqa: S608
        return _first(await self._asks.change(sql, id, *map(_to_cell, fields.values())))

    async def add_session(self, session: Session) -> None:
        """See `AccountStore`."""
        cells = (session.key, session.user, session.created, session.until)
        await self._asks.change(_ADD_SESSION, *cells)

    async def session(self, key: bytes, at: float) -> tuple[Session, User] | None:
        """See `AccountStore`."""
        for found, created, until, *row in await self._asks.read(_SESSION, key, at):
            user = _to_user(row)
            return Session(key=bytes(found), user=user.id, created=created, until=until), user
        return None

    async def prolong_session(self, key: bytes, until: float) -> None:
        """See `AccountStore`."""
        await self._asks.change(_PROLONG, key, until)

    async def end_session(self, key: bytes) -> None:
        """See `AccountStore`."""
        await self._asks.change(_END, key)

    async def end_sessions(self, user: int, *, but: bytes = b"") -> None:
        """See `AccountStore`."""
        await self._asks.change(_UNINVITE, user)
        await self._asks.change(_END_ALL, user, but)

    async def invite(self, invitation: Invitation) -> None:
        """See `AccountStore`."""
        await self._asks.change(_INVITE, invitation.user, invitation.key, invitation.until)

    async def invited(self, key: bytes, at: float) -> User | None:
        """See `AccountStore`."""
        return await self._enabled(await self._asks.read(_INVITED, key, at))

    async def accept_invitation(self, key: bytes, at: float) -> User | None:
        """See `AccountStore`."""
        return await self._enabled(await self._asks.change(_ACCEPT, key, at))

    async def forget_sessions(self, at: float) -> None:
        """See `AccountStore`."""
        for sql in _FORGET:
            await self._asks.change(sql, at)

    async def _enabled(self, found: Sequence[Sequence[Any]]) -> User | None:
        user = await self.user(found[0][0]) if found else None
        return user if user is not None and user.enabled else None


def _literal(text: str) -> str:
    """For LIKE, nothing of it a pattern."""
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")


def _to_cell(value: Any) -> Any:
    return int(value) if isinstance(value, bool) else value


def _to_user(row: Sequence[Any]) -> User:
    user = User(**dict(zip(_USER_FIELDS, row, strict=True)))
    return replace(user, enabled=bool(user.enabled))


def _first(rows: Sequence[Sequence[Any]]) -> User | None:
    return _to_user(rows[0]) if rows else None
