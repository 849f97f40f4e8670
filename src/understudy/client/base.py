"""What both clients know: the server, who we are there, and how answers become records. No I/O happens here."""

import io
import ipaddress
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from understudy import __version__
from understudy.client import answers
from understudy.client.calls import Call, Part
from understudy.client.credentials import Credentials
from understudy.client.errors import ClientError, DownloadFailed, NotFound, UnexpectedAnswer
from understudy.client.records import Model, Output, Submitted, Task
from understudy.client.signing import signed_headers
from understudy.client.wire_values import tables, text

TIMEOUT = 60.0
"""Seconds until the next byte of an answer."""
USER_AGENT = f"understudy/{__version__}"


class Server:
    """One server, as one project sees it."""

    def __init__(self, credentials: Credentials, clock: Callable[[], float]) -> None:
        self.url = credentials.url
        self._credentials = credentials
        self._clock = clock

    @property
    def socket_url(self) -> str:
        """Where the socket is: the same host, `/v1`."""
        return "ws" + self.url.removeprefix("http") + "/v1"

    @property
    def socket_options(self) -> dict[str, Any]:
        """How to connect there: whole logs come in one message, so their size has no bound here."""
        direct = {"proxy": None} if self.is_local else {}
        return {"user_agent_header": USER_AGENT, "max_size": None, "close_timeout": 2, **direct}

    @property
    def is_local(self) -> bool:
        """Whether it is on this machine, where a proxy has no business."""
        host = urlsplit(self.url).hostname or ""
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return host == "localhost" or host.endswith(".localhost")

    def headers(self, call: Call) -> dict[str, str]:
        """The headers of a request; each attempt is signed anew."""
        kind = {} if call.parts or call.method == "GET" else {"Content-Type": "application/json"}
        return {**kind, **call.headers, **signed_headers(self._credentials, self._clock())}

    def payload(self, status: int, body: bytes) -> dict[str, Any]:
        """See `answers.payload`."""
        return answers.payload(status, body, self.url)

    def text(self, call: Call, status: int, body: bytes) -> str:
        """The text that a GET was answered with. Raises `NotFound` if there is none, else `UnexpectedAnswer`."""
        if status == 404:
            raise NotFound(1, f"There is nothing at {self.url}{call.path}.", status)
        if status != 200:
            raise UnexpectedAnswer(f"{self.url}{call.path} answered with HTTP {status}.")
        return body.decode("utf-8", "replace")


def open_parts(parts: tuple[Part, ...], stack: ExitStack) -> list[tuple[str, tuple[str, BinaryIO, str]]]:
    """The files of a request, opened; `stack` closes them. Raises `ClientError` for one that cannot be read."""
    return [(part.field, (part.path.name, _open(part, stack), part.content_type)) for part in parts]


def _open(part: Part, stack: ExitStack) -> BinaryIO:
    if part.content is not None:
        return io.BytesIO(part.content)
    try:
        return stack.enter_context(part.path.open("rb"))
    except OSError as error:
        raise ClientError(f"{part.path} cannot be read: {error.strerror}.") from error


def token_of(task: str | Submitted | Task) -> str:
    """What names a task to the server: its token if it is known, else what was given."""
    match task:
        case str():
            return task
        case Submitted():
            return task.socketaccesstoken
        case Task():
            return task.token or task.id


def file_of(what: Output | Task) -> Output:
    """The file itself, or the clip of a task, or its first file. Raises `DownloadFailed` if it made none."""
    if isinstance(what, Output):
        return what
    found = what.clip or next(iter(what.outputs), None)
    if found is None:
        raise DownloadFailed(f"Task {what.id} has no files ({what.status}).")
    return found


def submitted(wire: Mapping[str, Any]) -> Submitted:
    """The answer of Run."""
    return Submitted(text(wire, "taskid"), text(wire, "socketaccesstoken"))


def one_task(wire: Mapping[str, Any]) -> Task:
    """The one task of an answer. Raises `UnexpectedAnswer`."""
    return Task.of(_first(wire, "tasklist"))


def one_file(wire: Mapping[str, Any]) -> Output:
    """The one file of an answer. Raises `UnexpectedAnswer`."""
    return Output.of(_first(wire, "list"))


def one_model(wire: Mapping[str, Any]) -> Model:
    """The one model of an answer. Raises `UnexpectedAnswer`."""
    return Model.of(_first(wire, "tool"))


def _first(wire: Mapping[str, Any], key: str) -> dict[str, Any]:
    found = tables(wire, key)
    if not found:
        raise UnexpectedAnswer(f"The server's answer has no {key}.")
    return found[0]
