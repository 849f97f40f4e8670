"""Who asks: the project of a request, proved by its headers.

    x-signature = HMAC-SHA256(key = API key, message = API secret + x-nonce), in hex

A key-only project sends just x-api-key. Both protocols are fixed by the clients that exist.
"""

import hmac
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

from understudy.client_address import Network, client_address, networks, within
from understudy.errors import NotAuthorized
from understudy.tasks.projects import Projects
from understudy.tasks.rates import Rates
from understudy.tasks.records import Project

_FOREIGN = "Project authorization is not founded."
_UNSIGNED = "Project requires signature authentication. x-signature and x-nonce headers are required."
_INVALID = "Project authorization is not valid."

_MOST_REMEMBERED = 1024

# A Unix time above this is in milliseconds: as seconds it would be in the year 5138.
_MILLISECONDS = 100_000_000_000


class _Known(NamedTuple):
    until: float
    """On the monotonic clock."""
    project: Project
    begun: hmac.HMAC


class Gate:
    """Lets requests in, by the rules of their projects."""

    def __init__(
        self,
        projects: Projects,
        clock: Callable[[], float],
        *,
        nonce_window: int = 0,
        trusted_proxies: tuple[str, ...] = (),
        remember_seconds: float = 0.0,
        rates: Rates | None = None,
        signed_in: Callable[[Mapping[bytes, bytes]], Awaitable[Project | None]] | None = None,
    ) -> None:
        """`nonce_window`: seconds by which a nonce may be off, 0 takes any. `remember_seconds`: how late a change of
        a project may be noticed; until then it is not looked up again. `rates`: how often a project may ask.
        `signed_in`: the project of a page of the dashboard. Raises ValueError for a bad network.
        """
        self._projects = projects
        self._clock = clock
        self._nonce_window = nonce_window
        self._remember_seconds = remember_seconds
        self._remembered: dict[bytes, _Known] = {}
        self._rates = rates
        self._signed_in = signed_in
        self._trusted: tuple[Network, ...] = networks(trusted_proxies)

    async def project(
        self, headers: Mapping[bytes, bytes], all_headers: list[tuple[bytes, bytes]], peer: str
    ) -> Project:
        """The project that a request belongs to. `headers`: by lower-case name; `peer`: who connected.

        Raises `NotAuthorized` with the wire's messages, and `TooManyRequests`. An unknown key and a disabled project
        look the same.
        """
        if b"cookie" in headers and b"x-api-key" not in headers and self._signed_in is not None:
            found = await self._signed_in(headers)
            if found is not None:
                await self._admit(found, all_headers, peer)
                return found
        known = await self._by_key(headers.get(b"x-api-key", b""))
        project = known.project
        if project.auth == "signature":
            nonce, signature = headers.get(b"x-nonce", b""), headers.get(b"x-signature", b"")
            if not nonce or not signature:
                raise NotAuthorized(_UNSIGNED)
            if not is_signed(known.begun, nonce, signature):
                raise NotAuthorized(_INVALID)
            if self._nonce_window:
                self._check_time(nonce)
        await self._admit(project, all_headers, peer)
        return project

    async def project_by_token(
        self, token: str, all_headers: list[tuple[bytes, bytes]], peer: str
    ) -> Project:
        """The same for protocols that send one text: `KEY:SECRET`, or `KEY` of a key-only project.

        Raises `NotAuthorized`, in words of those protocols, and `TooManyRequests`.
        """
        key, _, secret = token.strip().partition(":")
        try:
            known = await self._by_key(key.encode("latin-1"))
        except (NotAuthorized, UnicodeEncodeError) as error:
            raise NotAuthorized("The API key is not known here.") from error
        project = known.project
        if project.auth == "signature":
            expected = self._projects.secret_of(project)
            if not hmac.compare_digest(secret.encode(), expected.encode()):
                raise NotAuthorized(
                    "The API secret is not right."
                    if secret
                    else "This project signs its requests; clients of this protocol send KEY:SECRET as the API key."
                )
        await self._admit(project, all_headers, peer)
        return project

    async def _admit(self, project: Project, all_headers: list[tuple[bytes, bytes]], peer: str) -> None:
        """Who has proved to belong to a project may still come from elsewhere, or too often."""
        if project.allow:
            self._check_address(project, all_headers, peer)
        if self._rates is not None:
            await self._rates.take(project)

    async def _by_key(self, key: bytes) -> "_Known":
        now = time.monotonic()
        known = self._remembered.get(key)
        if known is not None and now < known.until:
            return known
        project = await self._projects.by_key(key.decode("latin-1")) if key else None
        if project is None:
            self._remembered.pop(key, None)
            raise NotAuthorized(_FOREIGN)
        if len(self._remembered) >= _MOST_REMEMBERED:
            self._remembered.clear()
        secret = self._projects.secret_of(project).encode()
        known = _Known(now + self._remember_seconds, project, begin(key, secret))
        self._remembered[key] = known
        return known

    def _check_time(self, nonce: bytes) -> None:
        if not is_fresh(nonce, self._clock(), self._nonce_window):
            raise NotAuthorized(
                _INVALID,
                "x-nonce must be the present Unix time, in seconds or milliseconds, off by at most"
                f" {self._nonce_window} seconds.",
            )

    def _check_address(self, project: Project, headers: list[tuple[bytes, bytes]], peer: str) -> None:
        forwarded = [value.decode("latin-1") for name, value in headers if name == b"x-forwarded-for"]
        address = client_address(peer, forwarded, self._trusted)
        if not within(address, networks(project.allow)):
            raise NotAuthorized(f"Requested ip {address} is not allowed.")


def begin(key: bytes, secret: bytes) -> hmac.HMAC:
    """What all signatures of a project have in common: everything but the nonce."""
    return hmac.new(key, secret, "sha256")


def is_signed(begun: hmac.HMAC, nonce: bytes, signature: bytes) -> bool:
    """Whether the signature is the right one for the nonce; compared in constant time.

    `openssl dgst` prints `SHA2-256(stdin)= <hex>`, and the documented shell session sends that whole line: the
    last word counts, in either case.
    """
    words = signature.split()
    expected = begun.copy()
    expected.update(nonce)
    return hmac.compare_digest(words[-1].lower() if words else b"", expected.hexdigest().encode())


def is_fresh(nonce: bytes, now: float, window: int) -> bool:
    """Whether the nonce is a Unix time, in seconds or milliseconds, within `window` seconds of `now`."""
    text = nonce.strip()
    if not text.isdigit() or len(text) > 16:
        return False
    given = int(text)
    return abs((given / 1000 if given > _MILLISECONDS else given) - now) <= window
