"""A small server that gives the documented answers of the wire, keeps state, and can be told to misbehave."""

import asyncio
import hashlib
import hmac
import json
import re
import secrets
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

API_KEY, API_SECRET = "key-of-the-stand-in", "secret-of-the-stand-in"
CLIP = bytes(range(256)) * 2000
SCRIPT: list[tuple[str, Any]] = [
    ("task_accept", None),
    ("task_start", None),
    ("task_output", "loading weights"),
    (
        "task_output",
        {"type": "progressGenerate", "task": "Generate", "percentage": "60", "stepCurrent": "6", "stepTotal": "10",
         "speed": "1.2", "speedType": "it/s", "elapsedTime": "5s", "remainingTime": "3s"},
    ),
    ("task_error", "a warning"),
    ("task_output_full", {"raw": "loading weights"}),
    ("task_end", None),
]  # fmt: skip


@dataclass
class StandIn:
    """Its state and its knobs."""

    url: str = ""
    tasks: dict[str, dict[str, Any]] = field(default_factory=dict)
    told: dict[str, list[tuple[str, Any]]] = field(default_factory=dict)
    by_key: dict[str, str] = field(default_factory=dict)
    received: list[dict[str, Any]] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    ranges: list[str] = field(default_factory=list)

    hold: bool = False
    """Tasks stay in task_start until they are stopped."""
    exit_code: str = "0"
    sockets: str = "good"
    """"good", "none" (refused), or "drop" (the first one breaks in the middle)."""
    statuses: list[int] = field(default_factory=list)
    """HTTP statuses to answer the next requests with, instead of an answer."""
    lose_answers: int = 0
    """How many of the next requests are carried out, but their answers are lost."""
    break_downloads: int = 0
    """How many of the next downloads break."""
    break_after: int = 100_000
    """After how many bytes they break."""

    def reset(self) -> None:
        """As new, at the same address."""
        self.__init__(self.url)  # type: ignore[misc]

    @property
    def last(self) -> dict[str, Any]:
        return self.received[-1]

    def environment(self) -> dict[str, str]:
        return {
            "UNDERSTUDY_URL": self.url,
            "UNDERSTUDY_API_KEY": API_KEY,
            "UNDERSTUDY_API_SECRET": API_SECRET,
        }

    async def api(self, request: Request) -> Response:
        path = request.url.path
        self.requests.append(path)
        if self.statuses:
            return Response("busy", self.statuses.pop(0), {"Retry-After": "0"})
        expected = hmac.new(
            API_KEY.encode(), (API_SECRET + request.headers["x-nonce"]).encode(), hashlib.sha256
        ).hexdigest()
        if request.headers["x-api-key"] != API_KEY:
            return self._refuse(0, "Project authorization is not founded.", 401)
        if request.headers["x-signature"] != expected:
            return self._refuse(0, "Project authorization is not valid.", 401)
        body = await self._body(request)
        self.received.append(body)
        if path.startswith("/v1/Run/"):
            answer = self._run(path.removeprefix("/v1/Run/"), body, request.headers.get("idempotency-key"))
        else:
            answer = getattr(self, "_" + path.removeprefix("/v1/").replace("/", "_").lower())(body)
        if self.lose_answers:
            self.lose_answers -= 1
            return StreamingResponse(_broken())
        return answer

    async def _body(self, request: Request) -> dict[str, Any]:
        if "json" in request.headers["content-type"]:
            return dict(await request.json())
        fields: dict[str, Any] = {}
        async with request.form() as form:
            for name, value in form.multi_items():
                shown = (
                    (value.filename, value.content_type, await value.read())
                    if isinstance(value, UploadFile)
                    else value
                )
                fields.setdefault(name, []).append(shown)
        return fields

    def _run(self, model: str, body: dict[str, Any], key: str | None) -> Response:
        if model != "openai/sora-2-pro":
            return self._refuse(1, "slug-owner-project-not-exist")
        if not body.get("prompt"):
            return self._refuse(0, "Request parameter [prompt] required")
        task = self.tasks.get(self.by_key.get(key or "", ""))
        if task is None:
            number = str(2221 + len(self.tasks))
            task = {
                "id": number, "socketaccesstoken": secrets.token_hex(15), "status": "task_queue", "pexit": "",
                "modelslugowner": "openai", "modelslugproject": "sora-2-pro", "parameters": {"prompt": "x"},
                "debugoutput": "", "debugerror": "", "createtime": "1734513807", "starttime": "0", "endtime": "",
                "canceltime": "0", "elapsedseconds": "0.0000", "totalcost": "0", "outputs": [], "size": "0",
                "engine": None,
            }  # fmt: skip
            self.tasks[number] = task
            self.told[number] = [("task_queue", None)]
            self.by_key[key or ""] = number
            asyncio.get_running_loop().create_task(self._play(task))
        return self._ok(taskid=task["id"], socketaccesstoken=task["socketaccesstoken"])

    async def _play(self, task: dict[str, Any]) -> None:
        told = self.told[task["id"]]
        for kind, message in SCRIPT:
            await asyncio.sleep(0.02)
            while self.hold and task["status"] == "task_start":
                await asyncio.sleep(0.01)
            if task["status"] == "task_cancel":
                return
            if message is None:
                task["status"] = kind
            told.append((kind, message))
        output = {
            "id": "6bc3", "name": "clip.mp4", "contenttype": "video/mp4", "size": str(len(CLIP)),
            "parentid": "", "addedtime": "1734513812", "accesskey": "k", "url": f"{self.url}/clip/clip.mp4",
        }  # fmt: skip
        good = self.exit_code == "0"
        task |= {
            "status": "task_postprocess_end", "pexit": self.exit_code, "elapsedseconds": "6.0000",
            "totalcost": "0.003510000000" if good else "0", "debugoutput": "loading weights",
            "debugerror": "a warning" if good else "Traceback\nthe card is full", "outputs": [output] if good else [],
            "engine": {
                "name": "animatic", "version": "1", "preview": True, "notes": ["It has no sound."],
                "tried": [{"engine": "gpu_box", "reason": "It has no key."}],
            },
        }  # fmt: skip
        told.append(("task_postprocess_end", task["outputs"]))

    def _find(self, body: dict[str, Any]) -> dict[str, Any] | None:
        token = body.get("tasktoken") or body.get("socketaccesstoken")
        return next(
            (
                t
                for t in self.tasks.values()
                if t["id"] == body.get("taskid") or t["socketaccesstoken"] == token
            ),
            None,
        )

    def _task_detail(self, body: dict[str, Any]) -> Response:
        task = self._find(body)
        if task is None:
            return self._refuse(1, "There is no task yet.")
        return self._ok(total="1", tasklist=[task])

    def _task_list(self, body: dict[str, Any]) -> Response:
        found = sorted(self.tasks.values(), key=lambda t: int(t["id"]), reverse=body["order"] == "DESC")
        start = int(body["start"])
        return self._ok(total=str(len(found)), tasklist=found[start : start + int(body["limit"])])

    def _task_kill(self, body: dict[str, Any]) -> Response:
        task = self._find(body)
        if task is None or task["status"] in ("task_cancel", "task_postprocess_end"):
            return self._refuse(1, "Task could not be killed: it is over already")
        task |= {"status": "task_cancel", "debugerror": "Stopped; gpu_box is asked to cancel the job."}
        self.told[task["id"]].append(("task_cancel", None))
        return self._ok(tasklist=[task])

    def _task_cancel(self, body: dict[str, Any]) -> Response:
        task = self._find(body)
        if task is None or task["status"] != "task_queue":
            return self._refuse(1, "Task is not in a cancellable state.")
        return self._task_kill(body)

    def _task_inputoutputdelete(self, body: dict[str, Any]) -> Response:
        task = self._find(body)
        if task is None:
            return self._refuse(1, "task-not-exist")
        task["outputs"] = []
        return self._ok()

    def _file_upload(self, body: dict[str, Any]) -> Response:
        name, kind, content = body["file"][0]
        size = str(len(content))
        return self._ok(
            list=[{"id": "f1", "name": name, "contenttype": kind, "size": size, "url": "http://x/f"}]
        )

    def _file_foldercreate(self, body: dict[str, Any]) -> Response:
        return self._ok(list=[{"id": "d1", "name": body["name"], "parentid": body.get("parentid", "")}])

    def _tool_list(self, body: dict[str, Any]) -> Response:
        return self._ok(total="1", tool=[_tool()] if body.get("search", "") in "sora" else [])

    def _tool_detail(self, body: dict[str, Any]) -> Response:
        if body["slugproject"] != "sora-2-pro":
            return self._refuse(1, "slug-owner-project-not-exist")
        return self._ok(tool=[_tool()])

    def _tool_explore(self, body: dict[str, Any]) -> Response:
        return self._ok(explore=[{"id": "hero-showcase", "title": "In the spotlight", "tools": [_tool()]}])

    async def page(self, request: Request) -> Response:
        if self.statuses:
            return Response("busy", self.statuses.pop(0), {"Retry-After": "0"})
        if request.path_params["slug"] != "sora-2-pro":
            return self._refuse(0, "Error parsing url.", 404)
        return Response("# Sora 2 Pro", media_type="text/plain")

    def _ok(self, **fields: Any) -> Response:
        return JSONResponse({"result": True, "errors": [], **fields})

    def _refuse(self, code: int, message: str, status: int = 200) -> Response:
        return JSONResponse({"result": False, "errors": [{"code": code, "message": message}]}, status)

    async def watch(self, ws: WebSocket) -> None:
        if self.sockets == "none":
            await ws.close()
            return
        await ws.accept()
        try:
            token = json.loads(await ws.receive_text())["tasktoken"]
            task = next(t for t in self.tasks.values() if t["socketaccesstoken"] == token)
            sent = 0
            while True:
                for kind, message in self.told[task["id"]][sent:]:
                    sent += 1
                    if self.sockets == "drop" and kind == "task_error":
                        self.sockets = "good"
                        await ws.close(1011)
                        return
                    await ws.send_json(
                        {
                            "type": kind,
                            "id": task["id"],
                            "tasktoken": token,
                            "message": message,
                            "result": True,
                        }
                    )
                    if kind in ("task_cancel", "task_postprocess_end"):
                        await ws.close()
                        return
                await asyncio.sleep(0.01)
        except WebSocketDisconnect:
            pass

    async def clip(self, request: Request) -> Response:
        asked = re.fullmatch(r"bytes=(\d+)-", request.headers.get("range", ""))
        start = int(asked[1]) if asked else 0
        self.ranges.append(request.headers.get("range", ""))
        rest = CLIP[start:]
        headers = {"etag": '"clip"', "content-length": str(len(rest)), "content-type": "video/mp4"}
        if asked:
            headers["content-range"] = f"bytes {start}-{len(CLIP) - 1}/{len(CLIP)}"
        if self.break_downloads:
            self.break_downloads -= 1
            return StreamingResponse(_broken(rest[: self.break_after]), 206 if asked else 200, headers)
        return Response(rest, 206 if asked else 200, headers)


async def _broken(part: bytes = b"") -> AsyncIterator[bytes]:
    yield part
    await asyncio.sleep(0.05)
    raise BreakOff


class BreakOff(Exception):
    """Breaks a connection in the middle of an answer."""


def _tool() -> dict[str, Any]:
    return {
        "title": "Sora 2 Pro", "slugowner": "openai", "slugproject": "sora-2-pro", "cleanslugowner": "openai",
        "cleanslugproject": "sora-2-pro", "description": "Video.", "categories": ["tool"], "cps": "0.000585000000",
        "dynamicprice": '[{"inputs":{},"price":0.3,"priceMethod":"cp-outputVideoLength"}]',
        "parameters": [
            {"title": "", "items": [
                {"id": "prompt", "type": "textarea", "label": "prompt", "required": True, "default": "A road."},
                {"id": "seconds", "type": "select", "default": "4", "options": [{"value": "4", "label": "4"}]},
                {"id": "inputImage", "type": "combinefileinput", "required": False, "default": ""},
            ]}
        ],
    }  # fmt: skip


@contextmanager
def running_stand_in() -> Iterator[StandIn]:
    """The stand-in behind a real socket of this machine."""
    state = StandIn()
    app = Starlette(
        routes=[
            WebSocketRoute("/v1", state.watch),
            Route("/clip/clip.mp4", state.clip),
            Route("/v1/{path:path}", state.api, methods=["POST"]),
            Route("/models/{owner}/{slug}/llms.txt", state.page),
            Route("/elsewhere", lambda _: Response("hello")),
        ]
    )
    config = uvicorn.Config(
        app, ws="websockets-sansio", log_config=None, lifespan="off", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    listener = socket.create_server(("127.0.0.1", 0))
    state.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.should_exit = True
        thread.join(5)
        listener.close()
