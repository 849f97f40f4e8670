"""Users and their sessions: made, changed, signed in, signed out."""

import hmac
import ipaddress
import secrets
from collections.abc import Callable, Sequence
from typing import NamedTuple

from understudy.errors import InvalidInput, NotAuthorized, NotFound, TooManyTries
from understudy.tasks.accounts.passwords import Passwords, check_password
from understudy.tasks.accounts.records import Invitation, Role, Session, User
from understudy.tasks.store.store import Store
from understudy.tasks.vault import Vault

SESSION_SECONDS = 14 * 24 * 3600.0
"""Of not being used, after which a session ends."""
INVITATION_SECONDS = 7 * 24 * 3600.0
_LONGEST_NAME = 80
_TRIES_FROM_ONE_ADDRESS = (10.0, 1 / 30)
"""How many there may be in a row, and how many a second after that."""
_NETWORK_BITS = 64
"""Of an IPv6 address: what one connection is given as a rule, with all that there are in it (RFC 6177)."""
_TRIES_AT_ONE_NAME = (100.0, 1 / 10)
"""From all addresses together; more, so that nobody is easily locked out by somebody else."""
_WRONG = "The name or the password is not right."


class SignedIn(NamedTuple):
    """Somebody who has just signed in."""

    user: User
    token: str
    """The session's, for the browser alone."""


class Accounts:
    """What may be done with users, by whoever was let in."""

    def __init__(
        self,
        store: Store,
        vault: Vault,
        clock: Callable[[], float],
        passwords: Passwords | None = None,
    ) -> None:
        self._kept = store.accounts
        self._store = store
        self._vault = vault
        self._clock = clock
        self._passwords = passwords or Passwords()

    async def create(self, name: str, role: Role, *, project: int = 0, password: str = "") -> User:
        """A new user; without a password, only an invitation lets it in.

        Raises `InvalidInput` for a name that is empty, too long or taken, a password that is too short, and a maker
        without a project; `NotFound` for a project that does not exist.
        """
        name = _plain(name)
        if not name or len(name) > _LONGEST_NAME or not name.isprintable():
            raise InvalidInput(
                f"A user needs a name, of at most {_LONGEST_NAME} characters, none of them invisible."
            )
        if role == "maker" and not project:
            raise InvalidInput("A maker works in one project: say which.")
        if role == "operator" and project:
            raise InvalidInput("An operator sees every project: leave the project out.")
        if project and await self._store.project(project) is None:
            raise NotFound(f"There is no project {project}.")
        kept = await self._passwords.hash(password) if password else ""
        user = await self._kept.add_user(
            User(id=0, name=name, role=role, project=project, password=kept, created=self._clock())
        )
        if user is None:
            raise InvalidInput(f"There is a user named {name} already.")
        return user

    async def list(self) -> "list[User]":
        """All of them, oldest first."""
        return await self._kept.users()

    async def get(self, name: str) -> User:
        """Raises `NotFound`."""
        user = await self._named(name)
        if user is None:
            raise NotFound(f"There is no user named {name}.")
        return user

    async def look(self, text: str = "", **which: int) -> Sequence[User]:
        """Some of them, the newest first; `which` as in `AccountStore.look`."""
        return await self._kept.look(text, **which)

    async def change_password(self, user: User, old: str, new: str, *, address: str, keep: str) -> None:
        """Somebody who is signed in takes another password; every session but `keep`, a token, ends.

        Raises `NotAuthorized` if `old` is not the one so far, `TooManyTries` after wrong ones, `InvalidInput` for one that
        is too short or too long. Who has none yet, and came in by a link, needs none.
        """
        check_password(new)
        if user.password:
            await self._tries(user.name, address)
            if not await self._passwords.matches(old, user.password):
                raise NotAuthorized("The password so far is not right.")
        await self.set_password(user, new, keep=keep)

    async def sign_out_elsewhere(self, user: User, *, keep: str) -> None:
        """Every session but `keep`, a token, ends, and a link that was not used counts no more."""
        await self._kept.end_sessions(user.id, but=self._key(keep))

    async def move(self, user: User, project: int) -> None:
        """A maker works in another project from now on. Raises `InvalidInput` for an operator, `NotFound`."""
        if user.role != "maker":
            raise InvalidInput("An operator sees every project.")
        if await self._store.project(project) is None:
            raise NotFound(f"There is no project {project}.")
        await self._kept.change_user(user.id, project=project)

    async def set_password(self, user: User, password: str, *, keep: str = "") -> None:
        """Every session but `keep`, a token, ends. Raises `InvalidInput` for one that is too short or too long."""
        await self._kept.change_user(user.id, password=await self._passwords.hash(password))
        await self._kept.end_sessions(user.id, but=self._key(keep) if keep else b"")

    async def set_enabled(self, user: User, enabled: bool) -> None:
        """Who is disabled is signed out at once. Raises `InvalidInput` for the last operator who is not."""
        await self._kept.change_user(user.id, enabled=enabled)
        if enabled:
            return
        # Asked afterwards: of two operators who are disabled at the same time, one would be left to both before.
        if user.role == "operator" and not await self._has_operator():
            await self._kept.change_user(user.id, enabled=True)
            raise InvalidInput("This is the only operator; make another one first.")
        await self._kept.end_sessions(user.id)

    async def invite(self, user: User) -> str:
        """The token of a link that signs a user in once, within a week; an earlier one counts no more."""
        token = secrets.token_urlsafe(32)
        until = self._clock() + INVITATION_SECONDS
        await self._kept.invite(Invitation(key=self._key(token), user=user.id, until=until))
        return token

    async def invited(self, token: str) -> User | None:
        """Whom an invitation is for; None if it was used, or is too old."""
        return await self._kept.invited(self._key(token), self._clock())

    async def accept(self, token: str, password: str = "") -> SignedIn:
        """Use up an invitation; a password becomes the user's, and whatever was signed in with another one ends.

        Raises `NotAuthorized` if it was used or is too old, `InvalidInput` for a password that is too short.
        """
        hashed = await self._passwords.hash(password) if password else ""
        user = await self._kept.accept_invitation(self._key(token), self._clock())
        if user is None:
            raise NotAuthorized("This link was used before, or is too old. Ask for a new one.")
        if hashed:
            await self._kept.change_user(user.id, password=hashed)
            await self._kept.end_sessions(user.id)
        return await self._begin(user)

    async def sign_in(self, name: str, password: str, address: str) -> SignedIn:
        """Raises `NotAuthorized`, in the same words for whatever is wrong, and `TooManyRequests` after wrong tries."""
        await self._tries(name, address)
        user = await self._named(name)
        right = await self._passwords.matches(password, user.password if user and user.enabled else "")
        if user is None or not right:
            raise NotAuthorized(_WRONG)
        signed_in = await self._begin(user)
        # To check a password takes a while, in which it may have been changed, and the sessions been ended.
        now = await self._kept.user(user.id)
        if now is None or not now.enabled or now.password != user.password:
            await self.sign_out(signed_in.token)
            raise NotAuthorized(_WRONG)
        return signed_in

    async def session(self, token: str) -> tuple[Session, User] | None:
        """Who is signed in with that token. A session that is used lasts longer."""
        now = self._clock()
        found = await self._kept.session(self._key(token), now)
        if found is None:
            return None
        session = found[0]
        # Written at most once a day and session, not with every request.
        if session.until - now < SESSION_SECONDS - 24 * 3600.0:
            await self._kept.prolong_session(session.key, now + SESSION_SECONDS)
        return found

    async def sign_out(self, token: str) -> None:
        """The session ends."""
        await self._kept.end_session(self._key(token))

    def form_token(self, token: str) -> str:
        """What a form of that session's pages has to bring back, so that no other site can send it (CSRF)."""
        return self._vault.hash(f"form {token}").hex()

    def is_form_token(self, token: str, given: str) -> bool:
        """Whether a form brought back the right one."""
        return hmac.compare_digest(self.form_token(token).encode(), given.encode())

    async def _begin(self, user: User) -> SignedIn:
        token, now = secrets.token_urlsafe(32), self._clock()
        await self._kept.add_session(
            Session(key=self._key(token), user=user.id, created=now, until=now + SESSION_SECONDS)
        )
        await self._kept.change_user(user.id, signed_in=now)
        await self._kept.forget_sessions(now)
        return SignedIn(user, token)

    async def _named(self, name: str) -> User | None:
        name = _plain(name)
        # Others there are none; and not every database can be asked for them.
        return await self._kept.user_by_name(name) if name.isprintable() else None

    async def _has_operator(self) -> bool:
        return any(each.enabled and each.role == "operator" for each in await self._kept.users())

    async def _tries(self, name: str, address: str) -> None:
        await self._try(f"sign-in from {_network(address)}", *_TRIES_FROM_ONE_ADDRESS)
        await self._try(f"sign-in as {_plain(name).casefold()[:_LONGEST_NAME]}", *_TRIES_AT_ONE_NAME)

    async def _try(self, bucket: str, burst: float, rate: float) -> None:
        if await self._store.draw(bucket, 1.0, rate=rate, burst=burst, at=self._clock()) < 1.0:
            raise TooManyTries("There were too many tries to sign in. Wait a minute.")

    def _key(self, token: str) -> bytes:
        return self._vault.hash(f"session {token}")


def _plain(name: str) -> str:
    """However many spaces are typed around it and in it: one name."""
    return " ".join(name.split())


def _network(address: str) -> str:
    """Whom wrong tries are counted for: an address, or the network of one by IPv6."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    return str(ipaddress.ip_network((parsed, _NETWORK_BITS), strict=False))
