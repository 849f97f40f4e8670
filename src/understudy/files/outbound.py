"""The HTTP client for addresses from outside: every connection goes to an address that the guard has checked.

The request's URL names the checked IP address, so nothing is looked up a second time; the Host header and TLS (server
name and certificate) keep the name. Proxies from the environment are ignored: a proxy would look names up itself.
No connection is used twice, since one that was verified for one name must not serve another on the same address.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import aclosing, asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import msgspec

from understudy.errors import AddressRefused, FetchFailed
from understudy.files.address import AddressGuard, CheckedAddress
from understudy.files.download import Fetched, save
from understudy.files.sniff import PICTURES, Kind

if TYPE_CHECKING:
    import httpx

REDIRECTS = 3
"""Each is checked like the first address."""

_REDIRECT = (301, 302, 303, 307, 308)
_TRIED_IPS = 3
_ANSWER_READ = 64 * 1024
_UNREACHED = "The address could not be reached."


class Delivery(msgspec.Struct, frozen=True):
    """What the receiver of a POST answered."""

    status: int

    @property
    def ok(self) -> bool:
        """Whether it was a 2xx; a redirect is not, for it is not followed."""
        return 200 <= self.status < 300


class Outbound:
    """Fetches from and posts to addresses from outside. Times in seconds.

    `tls` verifies servers; by default against the public certificate authorities.
    """

    def __init__(
        self,
        guard: AddressGuard,
        *,
        connect_timeout: float = 10.0,
        read_timeout: float = 30.0,
        user_agent: str = "understudy",
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._guard = guard
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._user_agent = user_agent
        self._tls = tls

    async def get_to_file(
        self,
        url: str,
        to: Path,
        *,
        max_bytes: int,
        kinds: Collection[Kind] = PICTURES,
        deadline: float = 60.0,
        headers: Mapping[str, str] | None = None,
    ) -> Fetched:
        """Fetch `url` into `to`, which must not exist yet and does not if this raises.

        `headers`, such as a key, go to the scheme, host and port of `url` only, not to where it redirects.

        Raises `AddressRefused`, `FetchFailed` (no answer, not a 200, too large, not in `deadline` seconds altogether)
        or `MediaRefused` (the bytes are not of one of `kinds`; noticed before the rest is fetched).
        """
        try:
            async with asyncio.timeout(deadline), self._following(url, headers or {}) as answer:
                return await save(answer, url, to, max_bytes, kinds)
        except TimeoutError as error:
            raise FetchFailed(f"The address did not give the file within {deadline:g} seconds.") from error

    async def post(
        self, url: str, body: bytes, headers: Mapping[str, str], *, deadline: float = 20.0
    ) -> Delivery:
        """POST `body` to `url`; follows no redirect, and throws the answer's body away.

        Raises `AddressRefused`, or `FetchFailed` if there was no answer in `deadline` seconds.
        """
        delivery: Delivery | None = None
        try:
            async with asyncio.timeout(deadline):
                checked = await self._guard.check(url)
                async with self._request("POST", checked, headers, body) as answer:
                    delivery = Delivery(answer.status_code)
                    await _drain(answer)
        except TimeoutError as error:
            if delivery is None:
                raise FetchFailed(f"The address did not answer within {deadline:g} seconds.") from error
        except FetchFailed:
            if delivery is None:
                raise
        assert delivery is not None
        return delivery

    @asynccontextmanager
    async def _following(self, url: str, headers: Mapping[str, str]) -> AsyncIterator["httpx.Response"]:
        """The answer to a GET of `url`, after at most `REDIRECTS` redirects; its status is 200."""
        meant_for = None
        for _ in range(REDIRECTS + 1):
            checked = await self._guard.check(url)
            meant_for = meant_for or checked.url.origin
            own = headers if checked.url.origin == meant_for else {}
            accept = {"accept": "image/*,video/*,audio/*;q=0.9,*/*;q=0.1"}
            async with self._request("GET", checked, {**own, **accept}) as answer:
                if answer.status_code not in _REDIRECT:
                    if answer.status_code != 200:
                        raise FetchFailed(f"The address answered with HTTP status {answer.status_code}.")
                    yield answer
                    return
                location = answer.headers.get("location", "")
                try:
                    url = urljoin(url, location)
                except ValueError as error:
                    raise AddressRefused("The address redirects to something that is no address.") from error
        raise FetchFailed(f"The address redirects more than {REDIRECTS} times.")

    @asynccontextmanager
    async def _request(
        self, method: str, checked: CheckedAddress, headers: Mapping[str, str], body: bytes | None = None
    ) -> AsyncIterator["httpx.Response"]:
        import httpx

        transport = httpx.AsyncHTTPTransport(verify=await self._context(), trust_env=False)
        try:
            async with transport:
                answer = await self._first_answer(transport, method, checked, headers, body)
                async with aclosing(answer):
                    yield answer
        except httpx.TimeoutException as error:
            raise FetchFailed("The address did not answer in time.") from error
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise FetchFailed(_why(error)) from error

    async def _first_answer(
        self,
        transport: "httpx.AsyncHTTPTransport",
        method: str,
        checked: CheckedAddress,
        headers: Mapping[str, str],
        body: bytes | None,
    ) -> "httpx.Response":
        """Ask the address's IPs in turn: one of them may be of a network, IPv6 for one, that is not connected here."""
        import httpx

        *others, last = checked.ips[:_TRIED_IPS]
        for ip in others:
            with suppress(httpx.ConnectError, httpx.ConnectTimeout):
                return await transport.handle_async_request(self._build(method, checked, ip, headers, body))
        return await transport.handle_async_request(self._build(method, checked, last, headers, body))

    def _build(
        self, method: str, checked: CheckedAddress, ip: str, headers: Mapping[str, str], body: bytes | None
    ) -> "httpx.Request":
        import httpx

        host = f"[{ip}]" if ":" in ip else ip
        read = self._read_timeout
        timeouts = {"connect": self._connect_timeout, "read": read, "write": read, "pool": None}
        return httpx.Request(
            method,
            f"{checked.url.scheme}://{host}:{checked.port}{checked.url.target}",
            headers={
                "user-agent": self._user_agent,
                **headers,
                "host": checked.url.authority,
                # What arrives is then what is counted: a few packed kilobytes cannot become gigabytes.
                "accept-encoding": "identity",
                "connection": "close",
            },
            content=body,
            extensions={"sni_hostname": checked.host, "timeout": timeouts},
        )

    async def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            import httpx

            self._tls = await asyncio.to_thread(httpx.create_ssl_context, trust_env=False)
        return self._tls


async def _drain(answer: "httpx.Response") -> None:
    """Let the receiver finish its sentence, if it is short."""
    read = 0
    async for piece in answer.aiter_raw():
        read += len(piece)
        if read >= _ANSWER_READ:
            return


def _why(error: BaseException) -> str:
    """What the user may know of a failed connection: never an IP address or a system's own words."""
    import httpx

    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return "The certificate of the address is not valid for it."
        if isinstance(cause, ssl.SSLError):
            return "The address does not speak TLS as it should."
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpx.ConnectError):
        return _UNREACHED
    return "The connection to the address broke off, or what came over it is not valid HTTP."
