"""What a store promises about users, as `tasks.store.store.Store` does about tasks. Tested by `tests/tasks/store/account_contract.py`."""

from typing import Any, Protocol

from understudy.tasks.accounts.records import Invitation, Session, User


class AccountStore(Protocol):
    """Users, sessions and invitations. What a method has returned is on disk; any may raise `StoreUnavailable`."""

    async def add_user(self, user: User) -> User | None:
        """Its id is given by the store; None if there is one of that name."""

    async def user(self, id: int) -> User | None:
        """The user of that id."""

    async def user_by_name(self, name: str) -> User | None:
        """The user of that name, in upper or lower case."""

    async def users(self) -> list[User]:
        """All of them, oldest first."""

    async def look(self, text: str = "", *, project: int = 0, beyond: int = 0, limit: int = 50) -> list[User]:
        """Users with that text in their name, in upper or lower case; of a project, or (0) of any and none.

        The newest first; those older than the user `beyond` (0: from the newest on).
        """

    async def change_user(self, id: int, **fields: Any) -> User | None:
        """Set fields of a user: all but id, name and role."""

    async def add_session(self, session: Session) -> None:
        """Write a session."""

    async def session(self, key: bytes, at: float) -> tuple[Session, User] | None:
        """The session of that key, if it lasts beyond `at`, and its user, if enabled."""

    async def prolong_session(self, key: bytes, until: float) -> None:
        """Have a session last longer."""

    async def end_session(self, key: bytes) -> None:
        """Forget a session."""

    async def end_sessions(self, user: int, *, but: bytes = b"") -> None:
        """Forget a user's sessions and invitations, but for one session."""

    async def invite(self, invitation: Invitation) -> None:
        """Write an invitation; an earlier one of the same user counts no more."""

    async def invited(self, key: bytes, at: float) -> User | None:
        """Whom an invitation that lasts beyond `at` is for."""

    async def accept_invitation(self, key: bytes, at: float) -> User | None:
        """The same, and it counts no more: only one who asks is answered."""

    async def forget_sessions(self, at: float) -> None:
        """Delete the sessions and invitations that ended before `at`, a thousand at most."""
