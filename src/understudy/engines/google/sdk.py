"""Google's own SDK, as the engines `google_veo` and `google_omni` use it: one client, and what its errors mean for money.

Requests go through the SDK's `async_request`, below its typed calls, because (google-genai 3.4.0, read in its source)

- `operations.get` decodes a whole clip in the event loop;
- `interactions.create` retries four times unless told otherwise, may send further paid requests by itself (automatic
  continuation), and fetches a new access token in the event loop;
- both halves of the SDK raise errors of their own kind.

What stays with the SDK: addresses, versions, credentials, client certificates. It is given an httpx client of ours, so
that it takes neither aiohttp, with which it repeats a request after a broken connection, nor httpx2; and so that no
redirect is followed, and no answer is larger than it may be.
"""

import re
from pathlib import Path
from typing import Any, Final, TypeVar

import httpx
import msgspec
from google import genai
from google.auth import exceptions as sign_in
from google.genai import errors, types

from understudy.engines.bounded import BoundedClient
from understudy.engines.google.account import Account
from understudy.engines.google.rules import is_about_content
from understudy.engines.words import one_line
from understudy.errors import ConfigurationError, NotAccepted, PartnerAway, PartnerError, ResultLost, Unclear
from understudy.files.weburl import parse_url

T = TypeVar("T")

SCOPE: Final = "https://www.googleapis.com/auth/cloud-platform"
MOST_BYTES: Final = 256 * 1024 * 1024
"""Of one answer: eight seconds in 4k at 100 megabits a second, in base64."""

_DEVELOPER: Final = "https://generativelanguage.googleapis.com"
_ENTERPRISE: Final = "https://aiplatform.googleapis.com"

# Raised before a request has a connection to go out on.
_UNSENT: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.InvalidURL,
    sign_in.GoogleAuthError,
)
_PASSING: Final = (httpx.NetworkError, httpx.TimeoutException, sign_in.TransportError)
"""What of these may be over in a moment."""

# Answers 4xx that say nothing of the request's fate: a gateway gave up waiting; the call was cancelled under way.
_UNSURE: Final = frozenset({408, 499})
_GONE: Final = frozenset({404, 410})
_BUSY: Final = 429
_NO_ACCOUNT: Final = frozenset({401, 403})


class Google:
    """A connection to one of Google's services, or one that speaks like it."""

    def __init__(self, account: Account, *, engine: str, enterprise: bool = True) -> None:
        """`enterprise`: Google's cloud; otherwise the Gemini Developer API, which knows keys only.

        Reads the file of credentials, if one is set. Raises `ConfigurationError` if it cannot be used, or if there is
        nobody to ask as.
        """
        if account.missing:
            raise ConfigurationError(f"engine.{engine}.api_key: set {account.missing}")
        self._account = account
        self._home = account.base_url or (_ENTERPRISE if enterprise else _DEVELOPER)
        self._http = BoundedClient(most_bytes=MOST_BYTES, timeout=account.timeout)
        self._client = genai.Client(
            enterprise=enterprise,
            api_key=account.key or None,
            credentials=_credentials(account, engine),
            project=account.project or None,
            location=account.location or None,
            http_options=types.HttpOptions(
                base_url=account.base_url or None,
                timeout=max(1, round(account.timeout * 1000)),
                retry_options=types.HttpRetryOptions(attempts=1),
                httpx_async_client=self._http,
            ),
        )

    async def buy(self, path: str, body: dict[str, Any]) -> str:
        """POST what may be paid for, once; returns the answer's text. Raises `NotAccepted`, `Unclear`."""
        try:
            return await self._send("post", path, body)
        except Exception as error:
            raise self._of_purchase(error) from error

    async def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> str:
        """Send what costs nothing; returns the answer's text.

        Raises `PartnerAway`; `ResultLost` if what is asked for does not exist; `Refused` for other answers 4xx.
        """
        try:
            return await self._send(method, path, body or {})
        except Exception as error:
            raise self._of_question(error) from error

    def headers_for(self, url: str) -> dict[str, str]:
        """The key, if `url` lies with the service itself; nothing for everybody else. Raises `AddressRefused`."""
        ours = bool(self._account.key) and parse_url(url).origin == parse_url(self._home).origin
        return {"x-goog-api-key": self._account.key} if ours else {}

    def words(self, text: str | None) -> str:
        """A sentence of the partner's as it may be shown: one line, not endless, without the key."""
        return one_line(text or "", hidden=(self._account.key,))

    async def close(self) -> None:
        """Let go of the connections."""
        self._client.close()
        await self._client.aio.aclose()
        await self._http.aclose()

    async def _send(self, method: str, path: str, body: dict[str, Any]) -> str:
        answer = await self._client._api_client.async_request(method, path, body)
        return answer.body or ""

    def _of_purchase(self, error: Exception) -> PartnerError:
        if isinstance(error, _UNSENT):
            return NotAccepted(_unsent(error), busy=isinstance(error, _PASSING))
        if not isinstance(error, errors.APIError):
            return Unclear(f"The request went out, and no answer could be read: {_kind(error)}.")
        if not 400 <= error.code < 500 or error.code in _UNSURE:
            return Unclear(f"The request went out and was answered with HTTP status {error.code}.")
        words = self.words(error.message)
        return NotAccepted(
            _refusal(error.code, words),
            retry_after=_retry_after(error),
            busy=error.code == _BUSY,
            content=error.code not in _NO_ACCOUNT and is_about_content(words),
        )

    def _of_question(self, error: Exception) -> PartnerError:
        if isinstance(error, _UNSENT):
            return PartnerAway(_unsent(error))
        if not isinstance(error, errors.APIError):
            return PartnerAway(f"The partner did not answer as it should: {_kind(error)}.")
        if error.code in _GONE:
            return ResultLost("The partner does not know this job (any more).")
        message = _refusal(error.code, self.words(error.message))
        if error.code in (400, 409, 412):
            return Refused(message)
        return PartnerAway(message, retry_after=_retry_after(error))


class Refused(PartnerAway):
    """It is there, and will not do what was asked of it as things stand."""


def decoded(answer: str, type: type[T]) -> T:
    """An answer as a record. Raises `PartnerAway` if it is none."""
    try:
        return msgspec.json.decode(answer, type=type)
    except msgspec.MsgspecError as error:
        raise PartnerAway("The partner answered with something that cannot be read.") from error


def _credentials(account: Account, engine: str) -> Any:
    if not account.credentials_file:
        return None
    from google.oauth2 import service_account

    try:
        return service_account.Credentials.from_service_account_file(  # type: ignore[no-untyped-call]
            str(Path(account.credentials_file).expanduser()), scopes=[SCOPE]
        )
    except (OSError, ValueError, KeyError, sign_in.GoogleAuthError) as error:
        raise ConfigurationError(
            f"engine.{engine}.credentials_file: must be a service account's key file (JSON) that can be read"
        ) from error


def _refusal(status: int, words: str) -> str:
    said = f": {words}" if words else "."
    if status in _NO_ACCOUNT:
        return f"The partner refuses the key or the account (HTTP {status}){said}"
    if status == _BUSY:
        return f"The partner has too many requests at the moment (HTTP 429){said}"
    if status in _GONE:
        return f"The partner does not know the model or the project (HTTP {status}){said}"
    return f"The partner refused the request (HTTP {status}){said}"


def _unsent(error: Exception) -> str:
    if isinstance(error, sign_in.GoogleAuthError):
        return f"Signing in for the partner failed, nothing was sent: {_kind(error)}."
    return f"The partner could not be reached: {_kind(error)}."


def _kind(error: Exception) -> str:
    """What broke, without what the error says: that may hold addresses and tokens."""
    return type(error).__name__


def _retry_after(error: errors.APIError) -> float | None:
    """Seconds, by the header `Retry-After` or by google.rpc.RetryInfo in the error's details."""
    headers = getattr(error.response, "headers", None) or {}
    given = [headers.get("retry-after")]
    inner = error.details.get("error") if isinstance(error.details, dict) else None
    details = inner.get("details") if isinstance(inner, dict) else None
    if isinstance(details, list):
        given += [each.get("retryDelay") for each in details if isinstance(each, dict)]
    for each in given:
        match = re.fullmatch(r"\s*(\d{1,6}(?:\.\d+)?)s?\s*", str(each or ""))
        if match:
            return float(match[1])
    return None
