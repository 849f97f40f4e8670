"""The server's log: lines for people or JSON, the task at hand in every line, no secrets in any.

set_up("info", "json")
with log_context(task="12"):
    logger.info("claimed")          # {"time":"...","level":"info","logger":"tasks.dispatcher","message":"claimed","task":"12"}
    add_to_context(engine="ovi")    # in every further line of this context, and of those who inherited it
"""

import logging
import re
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager
from contextvars import ContextVar, Token
from datetime import UTC, datetime
from typing import Literal, TextIO

import msgspec

LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}

_context: ContextVar[dict[str, str] | None] = ContextVar("understudy_log_context", default=None)

_SECRETS = re.compile(
    r"""(?ix)
    (?P<before>
        (?<![a-z0-9]) (?: x-api-key | x-signature | api[_-]?key | api[_-]?secret | secret[_-]?key | webhook[_-]?secret | password
             | tasktoken | socketaccesstoken | accesskey )
        ["']? \s* [:=] \s* ["']?                 # header, assignment or JSON
      | \b bearer \s+
      | /v1/file/                                # the access key in a file's path is the credential
      | ://[^/\s:@]*: (?=[^/\s@]+@)              # the password of an address
    )
    (?P<secret> [^\s"'&,;/@{}]+ )
  | \b whsec_[A-Za-z0-9+/=]+
  | (?<=/) [0-9a-f]{8} (?: -[0-9a-f]{8} ){7} (?=/)   # the place of an output
    """
)


_TRACES = ("key", "sign", "secret", "token", "bearer", "/v1/file/", "://", "whsec_", "password")
"""One of these is in every text that the pattern finds something in, output places aside: looking for them is quick."""


def redacted(text: str) -> str:
    """The text with "***" in the place of everything that opens a door: keys, signatures, tokens, file addresses."""
    folded = text.lower()
    if folded.count("-") < 7 and not any(trace in folded for trace in _TRACES):
        return text
    return _SECRETS.sub(lambda found: f"{found['before'] or ''}***", text)


def log_context(**fields: str) -> AbstractContextManager[None]:
    """Adds fields to every line that is logged inside, by this asyncio task and those that it starts."""
    return _Context({**(_context.get() or {}), **fields})


def own_context(**fields: str) -> AbstractContextManager[None]:
    """The same without what holds outside: for what is begun here and outlives the task at hand."""
    return _Context(fields)


def add_to_context(**fields: str) -> None:
    """Adds fields to the context that holds here, for all who share it; without one, nothing happens."""
    if (context := _context.get()) is not None:
        context.update(fields)


class _Context:
    # Not made by contextlib: every request enters one, and a generator takes five times as long.
    __slots__ = ("_fields", "_token")
    _token: Token[dict[str, str] | None]

    def __init__(self, fields: dict[str, str]) -> None:
        self._fields = fields

    def __enter__(self) -> None:
        self._token = _context.set(self._fields)

    def __exit__(self, *_: object) -> None:
        _context.reset(self._token)


def set_up(level: str, format: Literal["text", "json"] = "text", stream: TextIO | None = None) -> None:  # noqa: A002
    """Sends what is logged to `stream` (stderr), once per process; replaces a former set-up.

    Other libraries are heard from warnings on.
    """
    handler = logging.StreamHandler(stream if stream is not None else sys.stderr)
    handler.setFormatter(JsonFormatter() if format == "json" else TextFormatter())
    root = logging.getLogger()
    for old in [each for each in root.handlers if isinstance(each.formatter, TextFormatter | JsonFormatter)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger("understudy").setLevel(LEVELS[level])
    # uvicorn's "info" is a line for every socket: that is "debug" here.
    logging.getLogger("python_multipart").setLevel(logging.ERROR)  # it warns of every body that is broken
    logging.getLogger("uvicorn").setLevel(LEVELS[level] if level in ("debug", "error") else logging.WARNING)


def _fields(record: logging.LogRecord) -> Mapping[str, str]:
    return _context.get() or {}


def _time(record: logging.LogRecord) -> str:
    return (
        datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    )


def _name(record: logging.LogRecord) -> str:
    return record.name.removeprefix("understudy.")


class TextFormatter(logging.Formatter):
    """`2026-11-21T03:59:48.123Z info    tasks.dispatcher: claimed task=12`"""

    def format(self, record: logging.LogRecord) -> str:
        """One line, and the traceback below it if there is one."""
        fields = "".join(f" {name}={value}" for name, value in _fields(record).items())
        line = f"{_time(record)} {record.levelname.lower():7} {_name(record)}: {record.getMessage()}{fields}"
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return redacted(line)


class JsonFormatter(logging.Formatter):
    """One JSON object per line: time, level, logger, message, the context's fields, traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """One line without line breaks."""
        line = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": _name(record),
            "message": redacted(record.getMessage()),
            **{name: redacted(value) for name, value in _fields(record).items()},
        }
        if record.exc_info:
            line["traceback"] = redacted(self.formatException(record.exc_info))
        return msgspec.json.encode(line).decode()
