"""What an error around a request proves, which is what decides whether it may be sent again.

The connection was never established, or the server answered a 4xx: no job was taken. Everything else proves nothing.
"""

from typing import TYPE_CHECKING, Final

from understudy.engines.openai_videos.answers import Trouble, body_of, seconds_to_wait, trouble_in
from understudy.engines.openai_videos.options import Options
from understudy.errors import NotAccepted, PartnerAway, PartnerError, Unclear

if TYPE_CHECKING:
    import httpx2

_PROVES_NOTHING: Final = frozenset({408, 409, 499})
"""A proxy answers these although the server behind it may have taken the job: LiteLLM says 408 when the provider is slow,
nginx 499 when a connection broke, and 409 means a request that is already known."""
_MONEY: Final = ("insufficient_quota", "billing", "credit", "payment", "balance")


def never_left(error: BaseException) -> bool:
    """Whether the connection was never established: by the errors that caused this one."""
    import httpx2

    unsent = (
        httpx2.ConnectError,
        httpx2.ConnectTimeout,
        httpx2.PoolTimeout,
        httpx2.ProxyError,
        httpx2.UnsupportedProtocol,
    )
    cause: BaseException | None = error
    for _ in range(10):
        if cause is None:
            return False
        if isinstance(cause, unsent):
            return True
        cause = cause.__cause__
    return False


def not_submitted(error: Exception, options: Options, now: float) -> PartnerError:
    """What became of a create request that ended with `error`: `NotAccepted` or `Unclear`."""
    import openai

    if isinstance(error, openai.APIStatusError):
        return _answered(error.response, options, now)
    if never_left(error):
        return NotAccepted(
            f"The partner cannot be reached: check that its server runs and engine.{options.name}.base_url."
        )
    if isinstance(error, TimeoutError | openai.APITimeoutError):
        return Unclear(f"The partner did not answer within {options.timeout:g} seconds.")
    return Unclear("The connection to the partner broke before it answered.")


def away(error: Exception, options: Options, now: float) -> PartnerAway:
    """What an error around a request that buys nothing means: ask again later."""
    import openai

    if isinstance(error, openai.APIStatusError):
        response = error.response
        reason = _refused_key(response.status_code, options) or f"The partner answers {response.status_code}."
        return PartnerAway(reason, retry_after=seconds_to_wait(response.headers, now))
    if never_left(error):
        return PartnerAway("The partner cannot be reached.")
    return PartnerAway("The connection to the partner broke or gave no answer in time.")


def trouble_of(response: "httpx2.Response", options: Options) -> Trouble:
    """What an error answer says, without the key: some servers repeat it."""
    trouble = trouble_in(body_of(response.content))
    key = options.api_key
    if not key:
        return trouble
    return Trouble(trouble.code.replace(key, "…"), trouble.message.replace(key, "…"))


def _answered(response: "httpx2.Response", options: Options, now: float) -> PartnerError:
    status = response.status_code
    if not 400 <= status < 500 or status in _PROVES_NOTHING:
        hint = f" Check engine.{options.name}.base_url: it leads elsewhere." if 300 <= status < 400 else ""
        return Unclear(f"The partner answered {status}.{hint}")
    trouble = trouble_of(response, options)
    said = f": {trouble.message or trouble.code}" if trouble.message or trouble.code else "."
    if trouble.about_content and status not in (401, 404, 429):
        return NotAccepted(f"The partner's rules refuse this content{said}", content=True)
    if status == 402 or any(word in trouble.code.lower() for word in _MONEY):
        return NotAccepted(
            f"The partner's account has no money left, or a limit of spending was reached{said}"
        )
    if status == 429:
        wait = seconds_to_wait(response.headers, now)
        return NotAccepted(f"The partner is busy{said}", retry_after=wait, busy=True)
    known = _refused_key(status, options)
    if known:
        return NotAccepted(known)
    if status in (404, 405):
        return NotAccepted(
            f"The partner knows no such address or model: check engine.{options.name}.base_url and"
            f" engine.{options.name}.model."
        )
    return NotAccepted(f"The partner refuses the request ({status}){said}")


def _refused_key(status: int, options: Options) -> str:
    """What to check where a server does not let us in; without its own words, which may repeat the key."""
    if status == 401:
        return f"The partner does not accept the key: check engine.{options.name}.api_key."
    if status == 403:
        return f"The partner does not allow this with the key: check engine.{options.name}.api_key and its rights."
    return ""
