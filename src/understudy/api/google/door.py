"""The application behind this dialect's paths: lets in, finds what is asked for, answers in Google's words."""

from functools import partial

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from understudy.api.answers import ClientGone, encode, send_json
from understudy.api.auth import Gate
from understudy.api.google.contract import usable
from understudy.api.google.credentials import token
from understudy.api.google.errors import FieldRefused, google_refusal
from understudy.api.google.models import model_object
from understudy.api.google.operations import Operations, answer
from understudy.api.google.paths import Target, operation_id, target
from understudy.api.google.predict import PredictEndpoint, read_json
from understudy.api.parts import Parts
from understudy.api.stream import BodyStream, Patience, TooSlow
from understudy.errors import TooLarge, UnknownPath
from understudy.tasks.records import Project


class GoogleDoor:
    """An ASGI application."""

    def __init__(self, parts: Parts, gate: Gate, patience: Patience) -> None:
        self._parts = parts
        self._gate = gate
        self._patience = patience
        self._predict = PredictEndpoint(parts)
        self._operations = Operations(parts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers = dict(scope["headers"])
        stream = BodyStream(receive, headers.get(b"content-length"), self._patience)
        try:
            found = target(scope["path"])
            if found is None or _method(scope) != found.method:
                raise UnknownPath(f"There is no {scope['method']} {scope['path']} in this protocol here.")
            peer = scope["client"][0] if scope.get("client") else ""
            project = await self._gate.project_by_token(
                token(headers, scope["query_string"]), scope["headers"], peer
            )
            response = await self._answer(found, project, headers, stream, scope, receive)
        except ClientGone:
            return
        except Exception as error:  # noqa: BLE001 - the one place where whatever happens becomes an answer
            await self._refuse(error, stream, send, head=scope["method"] == "HEAD")
        else:
            await response(scope, receive, send)

    async def _answer(
        self,
        found: Target,
        project: Project,
        headers: dict[bytes, bytes],
        stream: BodyStream,
        scope: Scope,
        receive: Receive,
    ) -> Response:
        catalogue = self._parts.catalogue
        match found.verb:
            case "predict":
                task = await self._predict.submit(project, found, headers, stream)
                return answer({"name": f"{found.resource}/operations/{task.id}"})
            case "fetch":
                name = (await read_json(stream, headers, self._parts.limits.json_bytes)).get("operationName")
                if not isinstance(name, str) or not operation_id(name):
                    raise FieldRefused("operationName", "must be the name that predictLongRunning answered.")
                return await self._operations.platform(project, name, operation_id(name))
            case "operation":
                name = f"{found.resource}/operations/{found.id}"
                return await self._operations.developer(project, name, found.id)
            case "download":
                return await self._operations.download(project, found.id, scope, receive)
            case "model":
                return answer(model_object(usable(catalogue, "", found.model)))
            case "models":
                return answer({"models": [model_object(each) for each in catalogue.models if each.enabled]})

    async def _refuse(self, error: Exception, stream: BodyStream, send: Send, *, head: bool) -> None:
        refused = google_refusal(error)
        reply = partial(
            send_json,
            send,
            refused.status,
            encode(refused.body),
            head=head,
            retry_after=refused.retry_after,
        )
        if isinstance(error, TooLarge):
            # Who is cut off in the middle of sending sees a broken connection, not the answer.
            await reply(close=True, more=True)
            await stream.drain(self._parts.limits.linger_seconds)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        else:
            await reply(close=isinstance(error, TooSlow))


def _method(scope: Scope) -> str:
    method: str = scope["method"]
    return "GET" if method == "HEAD" else method
