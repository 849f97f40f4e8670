"""What the server answers, and the errors that its refusals stand for. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from understudy.engines.words import one_line
from understudy.errors import NotAccepted, PartnerError, Unclear

NOT_FOUND: Final = 1
BUSY: Final = 96
NO_MONEY: Final = 97
_SIGNED_OUT: Final = (98, 99)
_PROVES_NOTHING: Final = (408, 409, 499)
"""HTTP statuses with which a proxy may answer while the server behind it works."""
KEY_USED: Final = "Idempotency-Key was used"
"""How the refusal of a key begins that was used with another body: a task was made with it."""

_LONGEST_PAUSE: Final = 3600.0
_LONG: Final = 10
"""Digits of a number that is no code; Python refuses to read thousands of them."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One answer, read."""

    status: int
    """HTTP."""
    wire: dict[str, Any] | None = None
    """The envelope; None if it was something else."""
    words: str = ""
    """The errors' messages, in one short line."""
    retry_after: float | None = None
    """Seconds."""

    @property
    def ok(self) -> bool:
        """Whether the server did what was asked."""
        return self.status == 200 and self.wire is not None and self.wire.get("result") is True

    @property
    def refused(self) -> bool:
        """Whether the server understood the request, and said no in its envelope."""
        return self.status == 200 and self.wire is not None and self.wire.get("result") is False

    @property
    def code(self) -> int:
        """Of the first error of the envelope; 0 if it has none."""
        errors = _errors(self.wire)
        code = text(errors[0], "code") if errors else ""
        return int(code) if len(code) < _LONG and code.isdecimal() else 0


def read(status: int, body: bytes, retry_after: str = "", hidden: Iterable[str] = ()) -> Answer:
    """An HTTP answer; `retry_after` is the header, of which only seconds are understood. `hidden` is in no words."""
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        found = None
    wire = found if isinstance(found, dict) and isinstance(found.get("result"), bool) else None
    pause = float(retry_after) if retry_after.isdecimal() else None
    return Answer(
        status=status,
        wire=wire,
        words=one_line(
            "; ".join(filter(None, (text(each, "message") for each in _errors(wire)))), hidden=hidden
        ),
        retry_after=None if pause is None else min(pause, _LONGEST_PAUSE),
    )


def failure(answer: Answer, engine: str) -> PartnerError:
    """The error that an answer to Run stands for which is not `ok`: `NotAccepted` for a refusal, else `Unclear`.

    `engine` is the name of the table of settings that its message may point to. What concerns the operator's account
    there stays out of the message: a task's caller reads it.
    """
    code = answer.code
    if answer.status in (401, 403) or (answer.refused and code in _SIGNED_OUT):
        return NotAccepted(
            f"The server behind this one does not accept who we are: check api_key and api_secret in [engine.{engine}]."
        )
    if answer.status == 429 or (answer.refused and code == BUSY):
        return NotAccepted(
            "The server behind this one takes no more tasks at the moment.",
            retry_after=answer.retry_after,
            busy=True,
        )
    if answer.refused and code == NO_MONEY:
        return NotAccepted("The operator's balance at the server behind this one is used up.")
    if answer.refused and answer.words.startswith(KEY_USED):
        return Unclear("The server behind this one has taken a task with this key before.")
    if answer.refused or (400 <= answer.status < 500 and answer.status not in _PROVES_NOTHING):
        return NotAccepted(
            f"The server behind this one refused the task: {answer.words or f'HTTP {answer.status}'}"
        )
    what = f"HTTP {answer.status}" if answer.status != 200 else "something that is not of its protocol"
    return Unclear(f"The server behind this one answered with {what}.", retry_after=answer.retry_after)


def text(wire: Mapping[str, Any], key: str) -> str:
    """The value as text; nothing is ""."""
    value = wire.get(key)
    return "" if value is None else str(value)


def objects(wire: Mapping[str, Any], key: str) -> tuple[dict[str, Any], ...]:
    """The value as a list of objects, without what is none."""
    value = wire.get(key)
    return tuple(each for each in value if isinstance(each, dict)) if isinstance(value, list) else ()


def _errors(wire: Mapping[str, Any] | None) -> tuple[dict[str, Any], ...]:
    return objects(wire or {}, "errors")
