"""The socket: watch tasks as they go. `wire_event` is pure; the rest is one connection's bookkeeping.

client  {"type": "task_info", "tasktoken": "..."}                          any number of them
server  {"type", "id", "tasktoken", "message", "result": true}             one for each event
        {"type": "error", "tasktoken", "message", "result": false}         for a message it cannot follow
"""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import aclosing, contextmanager, suppress
from typing import Any

import msgspec
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from understudy.api.answers import encode
from understudy.api.parts import Limits
from understudy.api.wiro.render import file_objects
from understudy.errors import RequestError
from understudy.log import own_context
from understudy.tasks.events import Event, Events
from understudy.tasks.lifecycle import Status
from understudy.tasks.records import Task
from understudy.tasks.store.store import Store
from understudy.tasks.watch import watch

_PATHS = ("/v1", "/v1/")
_LONGEST_MESSAGE = 64 * 1024
_MOST_ERRORS = 100
_NORMAL, _ABNORMAL, _POLICY, _INTERNAL = 1000, 1006, 1008, 1011

_log = logging.getLogger("understudy.api.socket")


class TaskInfo(msgspec.Struct, tag_field="type", tag="task_info"):
    """The one message that a client sends."""

    tasktoken: str = ""
    socketaccesstoken: str = ""

    @property
    def token(self) -> str:
        """By whichever name it came."""
        return self.tasktoken or self.socketaccesstoken


_decoder = msgspec.json.Decoder(TaskInfo)


class Socket:
    """An ASGI application for websockets."""

    def __init__(self, store: Store, events: Events, limits: Limits, base_url: str) -> None:
        self._store = store
        self._events = events
        self._limits = limits
        self._base_url = base_url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection until it ends."""
        websocket = WebSocket(scope, receive, send)
        if scope["path"].lower() not in _PATHS:
            await websocket.close()
            return
        await websocket.accept()
        connection = _Connection(websocket, self._store, self._events, self._limits, self._base_url)
        with suppress(WebSocketDisconnect):
            await connection.serve()


class _Connection:
    """One client: a reader, and a watcher for every task it asked for."""

    def __init__(
        self, websocket: WebSocket, store: Store, events: Events, limits: Limits, base_url: str
    ) -> None:
        self._websocket = websocket
        self._store = store
        self._events = events
        self._limits = limits
        self._base_url = base_url
        self._watchers: dict[str, asyncio.Task[None]] = {}
        self._sending = asyncio.Lock()
        self._errors = 0
        self._close_at: asyncio.Timeout | None = None
        self._closing = _NORMAL

    async def serve(self) -> None:
        try:
            async with asyncio.timeout(self._limits.socket_idle_seconds) as self._close_at:
                while self._closing == _NORMAL:
                    await self._follow(await self._websocket.receive())
        except TimeoutError:
            pass
        finally:
            await self._stop_watching()
        with _gone():
            await self._websocket.close(self._closing)

    async def _follow(self, message: Message) -> None:
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1000))
        given = message.get("text") or message.get("bytes") or b""
        if len(given) > _LONGEST_MESSAGE:
            await self._complain("The message is too long.")
            return
        try:
            info = _decoder.decode(given)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            await self._complain('Send {"type": "task_info", "tasktoken": "<socketaccesstoken>"}.')
            return
        if not info.token:
            await self._complain("tasktoken is required")
        elif info.token not in self._watchers:
            await self._watch(info.token)

    async def _watch(self, token: str) -> None:
        if len(self._watchers) >= self._limits.socket_tokens:
            await self._complain(
                f"One socket watches at most {self._limits.socket_tokens} tasks at a time.", token
            )
            return
        self._reschedule(None)
        with own_context():
            self._watchers[token] = asyncio.create_task(self._tell(token))

    async def _tell(self, token: str) -> None:
        """Send a task's events until its end; then see whether that was the last one."""
        stay = self._limits.socket_grace_seconds
        try:
            async with aclosing(watch(self._store, self._events, token)) as events:
                async for task, event in events:
                    await self._send(wire_event(task, event, await self._outputs(task, event)))
        except RequestError as refused:
            stay = self._limits.socket_idle_seconds
            await self._complain(refused.message, token)
        except WebSocketDisconnect:
            return  # the reader hears of it, too
        except Exception:  # noqa: BLE001 - logged here; nobody else waits for it
            _log.exception("a socket's watcher failed")
            self._closing = _INTERNAL
            self._reschedule(0.0)
        finally:
            self._watchers.pop(token, None)
            if not self._watchers and self._closing == _NORMAL:
                self._reschedule(stay)

    async def _outputs(self, task: Task, event: Event) -> list[dict[str, Any]] | None:
        if not (event.status and event.type == Status.POSTPROCESS_END):
            return None
        return file_objects(await self._store.outputs(task.id), self._base_url)

    async def _complain(self, text: str, token: str = "") -> None:
        self._errors += 1
        await self._send({"type": "error", "tasktoken": token, "message": text, "result": False})
        if self._errors >= _MOST_ERRORS:
            self._closing = _POLICY
            self._reschedule(0.0)

    async def _send(self, message: dict[str, Any]) -> None:
        async with self._sending:
            with _gone():
                await self._websocket.send_text(encode(message).decode())

    def _reschedule(self, seconds: float | None) -> None:
        """Close after so many seconds; None: not while something is watched."""
        if self._close_at is not None and not self._close_at.expired():
            now = asyncio.get_running_loop().time()
            self._close_at.reschedule(None if seconds is None else now + seconds)

    async def _stop_watching(self) -> None:
        self._close_at = None
        watchers = list(self._watchers.values())
        for watcher in watchers:
            watcher.cancel()
        await asyncio.gather(*watchers, return_exceptions=True)


@contextmanager
def _gone() -> Iterator[None]:
    """uvicorn raises RuntimeError where it has ended the connection for what came over it: the client is gone."""
    try:
        yield
    except RuntimeError as error:
        raise WebSocketDisconnect(_ABNORMAL) from error


def wire_event(task: Task, event: Event, outputs: list[dict[str, Any]] | None) -> dict[str, Any]:
    """An event as it is sent; the regular end carries the outputs."""
    return {
        "type": event.type,
        "id": str(task.id),
        "tasktoken": task.token,
        "message": event.message if outputs is None else outputs,
        "result": True,
    }
