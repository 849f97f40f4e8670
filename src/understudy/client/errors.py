"""Every error of the client.

    UnderstudyError
    └── ClientError
        ├── NotConfigured           no address or no keys are known: says where they may stand
        ├── InvalidRequest          an argument makes no sense; nothing was sent
        ├── ServerUnreachable       nobody answers there
        ├── UnexpectedAnswer        somebody answers, but not in this protocol
        ├── RequestRefused          the server's error envelope: code, message, HTTP status
        │   ├── NotSignedIn         HTTP 401, codes 98 and 99
        │   ├── NotFound            code 1: no such thing, or not in a state for this
        │   ├── LimitReached        code 96, HTTP 429: too much at the same time
        │   └── InsufficientBalance code 97
        ├── TaskFailed              the task ended without success: carries the task
        │   └── TaskCancelled       it was cancelled or killed
        ├── WaitedTooLong           the task is not over yet; it goes on
        └── DownloadFailed          a file could not be brought here whole

The message of each is written for the person who has to act on it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from understudy.errors import UnderstudyError

if TYPE_CHECKING:
    from understudy.client.records import Task


class ClientError(UnderstudyError):
    """The root of the tree above."""


class NotConfigured(ClientError):
    """No address or no keys are known."""


class InvalidRequest(ClientError, ValueError):
    """An argument makes no sense; nothing was sent."""


class ServerUnreachable(ClientError):
    """Nobody answers at the server's address, or the connection broke and did not come back."""


class UnexpectedAnswer(ClientError):
    """The answer is not one of this protocol: probably another program listens there."""


class RequestRefused(ClientError):
    """The server refused the request; nothing has happened."""

    def __init__(self, code: int, message: str, status: int = 200) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


class NotSignedIn(RequestRefused):
    """The server does not accept the key, the signature or the address that the request came from."""


class NotFound(RequestRefused):
    """No such model, task or file for this project, or it is not in a state that allows this."""


class LimitReached(RequestRefused):
    """Too many requests or tasks at the same time."""


class InsufficientBalance(RequestRefused):
    """The project's balance is used up."""


class TaskFailed(ClientError):
    """The task ended without success; its files, if any, and logs are in `task`."""

    def __init__(self, task: Task, message: str) -> None:
        super().__init__(message)
        self.task = task


class TaskCancelled(TaskFailed):
    """The task was cancelled or killed."""


class WaitedTooLong(ClientError):
    """The task was not over in the time given; it goes on and can be waited for again."""


class DownloadFailed(ClientError):
    """A file could not be brought here whole; nothing was left under its name."""
