"""The Python client: `Client` waits, `AsyncClient` awaits; both speak the signed protocol of the server.

    with Client() as client:
        task = client.run("openai/sora-2-pro", {"prompt": "A koala in the rain."}, on_event=print)
        client.download(task, Path("koala.mp4"))

Without arguments, both find the server whose data folder lies on this machine.
"""

from understudy.client.async_client import AsyncClient
from understudy.client.credentials import Credentials, find_credentials
from understudy.client.errors import (
    ClientError,
    DownloadFailed,
    InsufficientBalance,
    InvalidRequest,
    LimitReached,
    NotConfigured,
    NotFound,
    NotSignedIn,
    RequestRefused,
    ServerUnreachable,
    TaskCancelled,
    TaskFailed,
    UnexpectedAnswer,
    WaitedTooLong,
)
from understudy.client.events import Event, LogLine, Progress, StatusChanged
from understudy.client.prices import Price
from understudy.client.records import Choice, Group, Input, Model, Output, Played, Submitted, Task
from understudy.client.sync_client import Client

__all__ = [
    "AsyncClient",
    "Choice",
    "Client",
    "ClientError",
    "Credentials",
    "DownloadFailed",
    "Event",
    "Group",
    "Input",
    "InsufficientBalance",
    "InvalidRequest",
    "LimitReached",
    "LogLine",
    "Model",
    "NotConfigured",
    "NotFound",
    "NotSignedIn",
    "Output",
    "Played",
    "Price",
    "Progress",
    "RequestRefused",
    "ServerUnreachable",
    "StatusChanged",
    "Submitted",
    "Task",
    "TaskCancelled",
    "TaskFailed",
    "UnexpectedAnswer",
    "WaitedTooLong",
    "find_credentials",
]
