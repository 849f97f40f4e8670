"""Passwords at rest: Argon2id (RFC 9106) by libsodium, with parameters and salt in the text that is kept."""

import asyncio
import secrets

from nacl import pwhash
from nacl.exceptions import InvalidkeyError

from understudy.errors import InvalidInput

SHORTEST = 10
LONGEST = 1024
_AT_ONCE = 2
"""Each takes 64 MiB for a tenth of a second."""
_OPERATIONS = pwhash.argon2id.OPSLIMIT_INTERACTIVE
_MEMORY = pwhash.argon2id.MEMLIMIT_INTERACTIVE


class Passwords:
    """Hashes and checks passwords, beside the event loop and never more than two at a time."""

    def __init__(self, *, operations: int = _OPERATIONS, memory: int = _MEMORY) -> None:
        """`operations` and `memory` (bytes): what a guess costs, as libsodium counts it."""
        self._operations = operations
        self._memory = memory
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._nobodys: str | None = None

    async def hash(self, password: str) -> str:
        """What is kept of it. Raises `InvalidInput` for one that is too short or too long."""
        check_password(password)
        return await self._hash(password)

    async def matches(self, password: str, kept: str) -> bool:
        """Whether it is the one. Takes the same time if none is kept, so that nobody learns who has an account."""
        if len(password) > LONGEST:
            return False
        if not kept:
            self._nobodys = self._nobodys or await self._hash(secrets.token_urlsafe())
        async with self._places:
            right = await asyncio.to_thread(_verified, kept or self._nobodys or "", password)
        return right and bool(kept)

    async def _hash(self, password: str) -> str:
        async with self._places:
            hashed = await asyncio.to_thread(
                pwhash.argon2id.str, password.encode(), self._operations, self._memory
            )
        return bytes(hashed).decode("ascii")


def check_password(password: str) -> None:
    """Raises `InvalidInput` for one that is too short or too long. What it is made of is its owner's affair (NIST SP 800-63B)."""
    if len(password) < SHORTEST:
        raise InvalidInput(f"A password needs at least {SHORTEST} characters.")
    if len(password) > LONGEST:
        raise InvalidInput(f"A password may have at most {LONGEST} characters.")


def _verified(kept: str, password: str) -> bool:
    try:
        return pwhash.verify(kept.encode("ascii"), password.encode())
    except InvalidkeyError:
        return False
