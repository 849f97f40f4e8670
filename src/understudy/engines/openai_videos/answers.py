"""What is read out of a server's answers: every field may be missing, of another type, or made up.

Source of the fields: OpenAI's API reference of the video object; of further words for a status: the servers in `profiles`.
"""

import math
import re
from collections.abc import Mapping
from decimal import Decimal
from email.utils import parsedate_to_datetime
from json import JSONDecoder
from typing import Any, Final, Literal

import msgspec

from understudy.engines.behind import Behind, behind
from understudy.engines.partner import Standing

State = Literal["queued", "running", "done", "failed"]

_STATES: Final[dict[str, State]] = {
    **dict.fromkeys(("queued", "pending", "submitted", "created", "waiting", "not_started"), "queued"),
    **dict.fromkeys(("in_progress", "processing", "running", "generating", "started"), "running"),
    **dict.fromkeys(("completed", "complete", "succeeded", "success", "done", "finished"), "done"),
    **dict.fromkeys(("failed", "failure", "error", "cancelled", "canceled", "expired", "rejected"), "failed"),
}
GONE: Final = "deleted"

_CONTENT: Final = re.compile(
    r"moderation|content[_ -]?policy|content[_ -]?filter|safety|policy[_ -]?violation|sensitive[_ -]?content"
    r"|responsible[_ -]?ai|sentinel[_ -]?block|blocked[_ -]?content",
    re.IGNORECASE,
)
_INPUT: Final = re.compile(
    r"invalid[_ -]?(request|image|prompt|value|parameter|input)|unsupported|bad_request|badrequest|400|413|415|422",
    re.IGNORECASE,
)
_LONGEST: Final = 300
_MAX_ID: Final = 2048
_LONGEST_WAIT: Final = 3600.0


class Trouble(msgspec.Struct, frozen=True):
    """What a server says went wrong."""

    code: str = ""
    message: str = ""
    """One line, shortened."""

    @property
    def about_content(self) -> bool:
        """Its rules refused what was asked for. The code decides; without one, or where it is but a status, the words."""
        return bool(_CONTENT.search(self.message if self.code.isdecimal() else self.code or self.message))

    @property
    def about_input(self) -> bool:
        """The request itself cannot be played."""
        return bool(_INPUT.search(self.code))


def body_of(content: bytes) -> Mapping[str, Any] | None:
    """The JSON object that an answer holds; None if it is something else."""
    try:
        body = msgspec.json.decode(content)
    except (msgspec.DecodeError, RecursionError, ValueError):
        return None
    return body if isinstance(body, dict) else None


def remote_id(body: Mapping[str, Any] | None) -> str | None:
    """The id of a job; None if there is none that can be used in an address."""
    id = (body or {}).get("id")
    usable = isinstance(id, str) and 0 < len(id) <= _MAX_ID and id.isprintable() and id.strip(".") != ""
    return id if usable else None


def status_of(body: Mapping[str, Any]) -> str:
    """The word for the job's status, in lower case; "" if there is none."""
    status = body.get("status")
    return status.strip().lower()[:64] if isinstance(status, str) else ""


def trouble_in(body: Mapping[str, Any] | None) -> Trouble:
    """The error in a job, in the protocol's error form `{"error": {...}}`, or in FastAPI's `{"detail": ...}`.

    Of a proxy's error it is the one that it was told by the server behind it.
    """
    if body is None:
        return Trouble()
    error = body.get("error") or body.get("detail") or body.get("message")
    if isinstance(error, dict) and isinstance(error.get("error"), dict):
        error = error["error"]
    if isinstance(error, dict):
        behind = _behind(error.get("message"))
        if behind is not None:
            return behind
        code = error.get("code") or error.get("type") or ""
        return Trouble(_line(code), _line(error.get("message") or error.get("detail") or ""))
    return Trouble("", _line(error or ""))


def standing(
    body: Mapping[str, Any], poll_after: float | None, charges_failed: bool | None
) -> Standing | None:
    """How a job stands, by its object; None if that has no status."""
    word = status_of(body)
    if not word:
        return None
    # A word that nobody knows is a job that is not over.
    state = _STATES.get(word, "running")
    trouble = trouble_in({"error": body.get("error")})
    if state == "done" and (trouble.code or trouble.message):
        # LiteLLM calls an operation completed that ended with an error.
        state = "failed"
    if state == "failed":
        return failed(trouble, charges_failed)
    # No field of the protocol's own: an Understudy says so who played.
    played = behind(body.get("engine")) if state == "done" else Behind()
    return Standing(
        state=state,
        progress=_progress(body.get("progress")),
        poll_after=poll_after,
        reason=played.sentence,
        preview=played.preview,
    )


def failed(trouble: Trouble, charges_failed: bool | None) -> Standing:
    """A job that failed, and whose fault it was."""
    fault: Literal["content", "input", "partner"] = (
        "content" if trouble.about_content else "input" if trouble.about_input else "partner"
    )
    said = trouble.message or trouble.code
    reason = {
        "content": "The partner's rules refuse this content",
        "input": "The partner cannot play these inputs",
        "partner": "The partner could not make the clip",
    }[fault]
    return Standing(
        state="failed",
        reason=f"{reason}: {said}" if said else f"{reason}.",
        fault=fault,
        charged=charges_failed,
    )


def seconds_to_wait(headers: Mapping[str, str], now: float) -> float | None:
    """When the server wants to be asked again, in seconds: `openai-poll-after-ms`, `Retry-After` in both of its forms."""
    for name, unit in (("openai-poll-after-ms", 1000), ("retry-after-ms", 1000), ("retry-after", 1)):
        number = _number(headers.get(name, ""))
        if number is not None:
            return min(number / unit, _LONGEST_WAIT)
    try:
        until = parsedate_to_datetime(headers.get("retry-after", "")).timestamp() - now
    except (TypeError, ValueError, OverflowError):
        return None
    return min(max(until, 0.0), _LONGEST_WAIT)


def as_decimal(value: object) -> Decimal | None:
    """A number that a server writes as a number or as text; None if it is none."""
    number = _number(str(value)[:32]) if isinstance(value, int | float | str) and value is not True else None
    return None if number is None else Decimal(str(number))


def _behind(message: object) -> Trouble | None:
    """The error that LiteLLM (1.106 to 1.109) repeats as JSON within its own words; None if there is none."""
    if not isinstance(message, str) or not message.startswith("litellm."):
        return None
    start = message.find('{"')
    try:
        body = JSONDecoder().raw_decode(message, start)[0] if start >= 0 else None
    except (ValueError, RecursionError):
        return None
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict) or not error.get("message"):
        return None
    return Trouble(_line(error.get("code") or error.get("type") or ""), _line(error["message"]))


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None


def _progress(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(min(100, max(0, value)))


def _line(value: object) -> str:
    if isinstance(value, list | dict):
        # FastAPI's list of what is wrong with a request.
        value = msgspec.json.encode(value).decode()
    text = " ".join("".join(each if each.isprintable() else " " for each in str(value)).split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
