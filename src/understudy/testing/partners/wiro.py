"""A fake server of our own protocol: the hosted service, or another Understudy.

It checks what they check (key, signature, inputs), answers in their words, and lets tasks run by the clock.
"""

import hmac
import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from starlette.datastructures import Headers, UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from understudy.testing.partners.clock import VirtualClock
from understudy.testing.partners.faults import Fault, FaultPlan, Kind, Step, fate_of
from understudy.testing.partners.misbehaviour import answer
from understudy.testing.partners.shop import Shop
from understudy.testing.partners.wiro_tasks import Refused, Task, checked

_RUN = re.compile(r"/v1/run/([^/]+)/([^/]+)")
_FILE = re.compile(r"/([0-9a-f]{8}(?:-[0-9a-f]{8}){7})/0\.mp4")
_STEPS: Mapping[str, Step] = {
    "/v1/task/detail": "check",
    "/v1/task/list": "list",
    "/v1/task/kill": "cancel",
    "/v1/task/cancel": "cancel",
    "/v1/task/inputoutputdelete": "delete",
}
_FIRST_ID = 2221
_MOST_LISTED = 100


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """One signed request, as it came."""

    step: Step
    path: str
    headers: dict[str, str]
    fields: dict[str, Any]
    files: dict[str, tuple[tuple[str, bytes], ...]]
    """Name and content of each file, by field."""


class Wiro(Shop):
    """The server."""

    def __init__(
        self,
        plan: FaultPlan | None = None,
        *,
        clock: VirtualClock | None = None,
        seconds: float = 20.0,
        key: str = "test-key",
        secret: str = "test-secret",  # noqa: S107 - a fake's
        idempotent: bool = True,
        engine: Mapping[str, Any] | None = None,
    ) -> None:
        """`seconds`: from Run to the end of a task, a tenth of it in the queue. `secret` "": the project is key-only.

        `idempotent`: keys are honoured, as by an Understudy; the hosted service does not know them. `engine`: what tasks
        say about who played them.
        """
        super().__init__(plan, clock, seconds, key)
        self.jobs: list[Task] = []
        """Every task that was made."""
        self.requests: list[Sent] = []
        """What was sent by those who could prove who they are; downloads are not among it."""
        self._secret = secret
        self._idempotent = idempotent
        self._engine = dict(engine or {})
        self._keys: dict[str, tuple[object, Task]] = {}

    @property
    def paid(self) -> int:
        """How many tasks were made."""
        return len(self.jobs)

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI app."""
        request = Request(scope, receive)
        path = request.url.path
        base_url = str(request.base_url).rstrip("/")
        if request.method == "GET" and (found := _FILE.fullmatch(path)):
            key = found[1]
            fault = self.plan.meet("content")
            await answer(scope, receive, send, fault, lambda: self._content(key), _REFUSALS)
            return
        step = "create" if _RUN.fullmatch(path.lower()) else _STEPS.get(path.lower())
        if request.method != "POST" or step is None:
            await _refusal("Error parsing url.", status=404)(scope, receive, send)
            return
        complaint = self._complaint(request.headers)
        if complaint:
            await _refusal(complaint, status=401)(scope, receive, send)
            return
        sent = await _read(request, step)
        self.requests.append(sent)
        fault = self.plan.meet(step)
        await answer(scope, receive, send, fault, lambda: self._act(sent, fault, base_url), _REFUSALS)

    def _complaint(self, headers: Headers) -> str:
        """What is wrong with the proof of who asks, in the protocol's words; "" if nothing is."""
        if headers.get("x-api-key") != self.key:
            return "Project authorization is not founded."
        if not self._secret:
            return ""
        nonce, signature = headers.get("x-nonce", ""), headers.get("x-signature", "")
        if not nonce or not signature:
            return "Project requires signature authentication. x-signature and x-nonce headers are required."
        right = hmac.new(self.key.encode(), (self._secret + nonce).encode(), "sha256").hexdigest()
        return "" if hmac.compare_digest(signature, right) else "Project authorization is not valid."

    async def _act(self, sent: Sent, fault: Fault | None, base_url: str) -> Response:
        try:
            match sent.step:
                case "create":
                    return self._run(sent, fate_of(fault), base_url)
                case "list":
                    return self._list(sent.fields, base_url)
                case "cancel":
                    return self._stop(sent, base_url)
                case "delete":
                    return self._delete(sent.fields)
                case _:
                    return _success(total="1", tasklist=[self._shown(self._find(sent.fields), base_url)])
        except Refused as refusal:
            return _refusal(str(refusal), refusal.code)

    def _run(self, sent: Sent, fate: str, base_url: str) -> Response:
        found = _RUN.fullmatch(sent.path.lower())
        assert found
        model = f"{found[1]}/{found[2]}".replace(".", "-")
        parameters = checked(model, sent.fields, sent.files, base_url)
        callback_url = str(sent.fields.get("callbackUrl", ""))
        if callback_url and not callback_url.startswith(("http://", "https://")):
            raise Refused("Request parameter [callbackUrl] must be an http or https URL")
        key = sent.headers.get("idempotency-key", "") if self._idempotent else ""
        body = (model, sent.fields, sent.files)
        earlier, task = self._keys.get(key, (None, None))
        if task is None:
            task = Task(
                id=_FIRST_ID + len(self.jobs),
                model=model,
                parameters=parameters,
                callback_url=callback_url,
                at=self.clock(),
                seconds=self.seconds,
                fate=fate,
                engine=self._engine,
            )
            self.jobs.append(task)
            if key:
                self._keys[key] = (body, task)
        elif earlier != body:
            raise Refused("Idempotency-Key was used with other parameters")
        return _success(taskid=str(task.id), socketaccesstoken=task.token)

    def _list(self, fields: Mapping[str, Any], base_url: str) -> Response:
        start, limit = int(fields.get("start", 0)), int(fields.get("limit", 20))
        if not 1 <= limit <= _MOST_LISTED:
            raise Refused(f"Request parameter [limit] must be between 1 and {_MOST_LISTED}")
        tasks = [task for task in self.jobs if task.fate != "forgotten"]
        if str(fields.get("order", "DESC")).upper() == "DESC":
            tasks.reverse()
        page = [self._shown(task, base_url) for task in tasks[start : start + limit]]
        return _success(total=str(len(tasks)), tasklist=page)

    def _stop(self, sent: Sent, base_url: str) -> Response:
        task, now = self._find(sent.fields), self.clock()
        status = task.status(now)
        if sent.path.lower().endswith("/cancel") and status != "task_queue":
            raise Refused("Task is not in a cancellable state.", 1)
        if task.is_over(now):
            raise Refused(f"Task could not be killed: it is over already ({status})", 1)
        task.cancelled = now
        return _success(tasklist=[self._shown(task, base_url)])

    def _delete(self, fields: Mapping[str, Any]) -> Response:
        token = fields.get("tasktoken") or fields.get("socketaccesstoken")
        if not token:
            raise Refused("Request parameter [tasktoken] required")
        task = next((each for each in self.jobs if each.token == token), None)
        if task is None:
            raise Refused("task-not-exist", 1)
        if not task.is_over(self.clock()):
            raise Refused("Task must be completed or cancelled before deleting files", 1)
        task.deleted = True
        return _success()

    def _find(self, fields: Mapping[str, Any]) -> Task:
        token = fields.get("tasktoken") or fields.get("socketaccesstoken")
        id = fields.get("taskid")
        if not token and not id:
            raise Refused("taskid or socketaccesstoken is required")
        for task in self.jobs:
            if task.fate != "forgotten" and (task.token == token if token else str(task.id) == str(id)):
                return task
        raise Refused("There is no task yet.", 1)

    def _shown(self, task: Task, base_url: str) -> dict[str, Any]:
        return task.shown(self.clock(), base_url, len(self.clip))

    async def _content(self, accesskey: str) -> Response:
        now = self.clock()
        task = next((each for each in self.jobs if each.accesskey == accesskey), None)
        if task is None or task.deleted or not task.made_it(now):
            return Response("Not Found", 404)
        return Response(self.clip, media_type="video/mp4")


async def _read(request: Request, step: Step) -> Sent:
    fields: dict[str, Any] = {}
    files: dict[str, tuple[tuple[str, bytes], ...]] = {}
    # The documented command declares a form, and sends JSON.
    is_json = (await request.body()).lstrip().startswith(b"{")
    if not is_json and request.headers.get("content-type", "").startswith(
        ("multipart/", "application/x-www-form")
    ):
        async with request.form() as form:
            for name, value in form.multi_items():
                if isinstance(value, UploadFile):
                    files[name] = (*files.get(name, ()), (value.filename or "", await value.read()))
                else:
                    fields[name] = value
    else:
        fields = msgspec.json.decode(await request.body() or b"{}", type=dict[str, Any])
    return Sent(step=step, path=request.url.path, headers=dict(request.headers), fields=fields, files=files)


def _success(**payload: Any) -> Response:
    return JSONResponse({"errors": [], **payload, "result": True})


def _refusal(
    message: str, code: int = 0, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    body = {"result": False, "errors": [{"code": code, "message": message}]}
    return JSONResponse(body, status, headers)


_REFUSALS: Mapping[Kind, Callable[[], Response]] = {
    "busy": lambda: _refusal("Too many requests.", status=429, headers={"Retry-After": "1"}),
    "error before": lambda: _refusal("Internal server error.", status=500),
    "refused": lambda: _refusal("Request parameters are invalid."),
    "refused content": lambda: _refusal("The prompt is against the rules."),
    "no account": lambda: _refusal("Project authorization is not founded.", status=401),
    "expired": lambda: Response("Not Found", 404),
    "redirects": lambda: RedirectResponse("/elsewhere", 307),
}
