"""What is remembered of the people who use the dashboard. Times in Unix seconds."""

from typing import Literal

import msgspec

Role = Literal["operator", "maker"]
"""An operator may do everything; a maker what a project's own keys may."""


class User(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who signs in."""

    id: int
    name: str
    """Unique without regard to case."""
    role: Role
    project: int = 0
    """A maker's; 0 for operators."""
    password: str = ""
    """Its Argon2id hash with parameters and salt; "" if none is set, and nobody signs in with one."""
    enabled: bool = True
    created: float
    signed_in: float = 0.0
    """The last time; 0 if never."""


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A browser in which somebody is signed in."""

    key: bytes
    """The hash of its token, which only the browser has."""
    user: int
    created: float
    until: float


class Invitation(msgspec.Struct, frozen=True, kw_only=True):
    """A link that signs somebody in, once."""

    key: bytes
    """The hash of its token."""
    user: int
    until: float
