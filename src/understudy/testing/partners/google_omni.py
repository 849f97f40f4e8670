"""Gemini Omni as a fake: the Interactions API, as far as one clip needs it, by key and by project, and its files.

The requests are checked by the fields and types of google-genai 3.4.0 (`CreateModelInteraction`, `VideoResponseFormat`).
"""

import base64
import re
from collections.abc import Mapping
from secrets import token_hex
from typing import Any, Final

import msgspec
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from understudy.testing.partners.clock import VirtualClock
from understudy.testing.partners.faults import Fault, FaultPlan, Step, fate_of
from understudy.testing.partners.google_answers import (
    Act,
    Refused,
    Sent,
    is_picture,
    must_be_signed,
    of_interactions,
    play,
)
from understudy.testing.partners.misbehaviour import DAMAGED
from understudy.testing.partners.shop import Shop

MODELS: Final = {"gemini-omni-1.1-flash": 10, "gemini-omni-1.2-flash": 15}
"""And the longest clip of each, in seconds."""
TASKS: Final = ("text_to_video", "image_to_video", "reference_to_video", "edit", "extend", "upscale")

_PATH: Final = re.compile(
    r"/v1(?:beta1?)?/(?P<project>projects/[\w-]+/locations/[\w-]+/)?"
    r"(?:interactions(?:/(?P<id>[\w-]+)(?P<cancel>/cancel)?)?|files/(?P<file>[\w-]+):download)"
)
_SHORTEST: Final = 3
_LABEL: Final = re.compile(r"[a-z0-9_-]{0,63}")
_STEPS: Final[Mapping[str, Step]] = {"POST": "create", "GET": "check", "DELETE": "delete"}
_FIELDS: Final[Mapping[str, type | tuple[type, ...]]] = {
    "model": str,
    "input": (str, list, dict),
    "background": bool,
    "store": bool,
    "response_format": dict,
    "generation_config": dict,
    "labels": dict,
    "webhook_config": dict,
    "previous_interaction_id": str,
    "safety_settings": list,
}
_CONTENT: Final[Mapping[Any, frozenset[str]]] = {
    "text": frozenset({"type", "text"}),
    "image": frozenset({"type", "data", "mime_type", "uri"}),
}
_FORMAT: Final[Mapping[str, re.Pattern[str]]] = {
    "type": re.compile("video"),
    "aspect_ratio": re.compile("16:9|9:16"),
    "resolution": re.compile("360p|720p|1080p|4k"),
    "duration": re.compile(r"(\d+)s"),
    "delivery": re.compile("inline|uri"),
    "gcs_uri": re.compile("gs://.+"),
}


class Job(msgspec.Struct, kw_only=True):
    """One that was bought."""

    id: str
    body: Mapping[str, Any]
    placed: float
    fate: str = ""
    """`filtered`, `fails`, `forgotten`, or nothing."""
    cancelled: bool = False


class GoogleOmni(Shop):
    """The service, with one account."""

    def __init__(
        self,
        plan: FaultPlan | None = None,
        *,
        clock: VirtualClock | None = None,
        seconds: float = 20.0,
        key: str = "test-key",
        ends: str = "completed",
    ) -> None:
        """`key`: what is accepted as a key or token; `ends`: the status of jobs that are over. See `Shop`."""
        super().__init__(plan, clock, seconds, key)
        self.ends = ends
        self.jobs: dict[str, Job] = {}
        """By the interaction's id; a job that is deleted stays here."""
        self.deleted: set[str] = set()
        self.requests: list[Sent] = []
        self.app: ASGIApp = self._app

    @property
    def paid(self) -> int:
        """How many jobs were bought."""
        return len(self.jobs)

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        await play(scope, receive, send, lambda sent: self._asked(sent, scope["scheme"]), of_interactions)

    def _asked(self, sent: Sent, scheme: str) -> tuple[Act, Fault | None]:
        self.requests.append(sent)
        must_be_signed(sent, self.key)
        path = _PATH.fullmatch(sent.path)
        if path is None:
            raise Refused(404, "The requested URL was not found on this server.")
        if path["file"]:
            return self._file_asked(path["file"], sent)
        if bool(path["id"]) == (sent.method == "POST" and not path["cancel"]):
            raise Refused(404, "The requested URL was not found on this server.")
        if not path["id"]:
            _must_be_valid(sent.body, in_project=bool(path["project"]))
            fault = self.plan.meet("create")
            return lambda: self._create(sent.body, fate_of(fault)), fault
        fault = self.plan.meet("cancel" if path["cancel"] else _STEPS.get(sent.method, "check"))
        if path["cancel"]:
            return lambda: self._cancel(path["id"]), fault
        if sent.method == "DELETE":
            return lambda: self._delete(path["id"]), fault
        base = f"{scheme}://{sent.headers['host']}"
        job = self.jobs.get(path["id"])
        if fault is None and job and _delivery(job) == "inline" and self._status(job) == "completed":
            fault = self.plan.meet("content")
            if fault and fault.kind == "damaged":  # the answer is whole, the clip in it is not
                return lambda: JSONResponse(self._shown(self._job(path["id"]), base, DAMAGED)), None
        return lambda: JSONResponse(self._shown(self._job(path["id"]), base, self.clip)), fault

    def _file_asked(self, id: str, sent: Sent) -> tuple[Act, Fault | None]:
        fault = self.plan.meet("content")
        if sent.method != "GET" or id not in self.jobs or id in self.deleted or "alt=media" not in sent.query:
            raise Refused(404, "Requested entity was not found.")
        return lambda: Response(self.clip, media_type="video/mp4"), fault

    def _create(self, body: Mapping[str, Any], fate: str) -> Response:
        id = f"v1_{token_hex(16)}"
        self.jobs[id] = job = Job(id=id, body=body, placed=self.clock(), fate=fate)
        return JSONResponse(self._shown(job))

    def _cancel(self, id: str) -> Response:
        job = self._job(id)
        if self._status(job) not in ("queued", "in_progress"):
            raise Refused(400, "Only an interaction that is in progress can be cancelled.")
        job.cancelled = True
        return JSONResponse(self._shown(job))

    def _delete(self, id: str) -> Response:
        self.deleted.add(self._job(id).id)
        return JSONResponse({})

    def _job(self, id: str) -> Job:
        job = self.jobs.get(id)
        if job is None or job.fate == "forgotten" or id in self.deleted:
            raise Refused(404, "Requested entity was not found.")
        return job

    def _status(self, job: Job) -> str:
        age = self.clock() - job.placed
        if job.cancelled:
            return "cancelled"
        if job.fate == "fails" and age >= self.seconds / 2:
            return "failed"
        if age < self.seconds:
            return "queued" if age < self.seconds / 10 else "in_progress"
        return "failed" if job.fate == "filtered" else self.ends

    def _shown(self, job: Job, base: str = "", clip: bytes = b"") -> dict[str, Any]:
        status = self._status(job)
        found: dict[str, Any] = {"id": job.id, "status": status, "model": job.body["model"], "steps": []}
        if "labels" in job.body:
            found["labels"] = job.body["labels"]
        if status == "completed":
            found["steps"] = [{"type": "model_output", "content": [self._video(job, base, clip)]}]
            found["usage"] = {"total_output_tokens": 5_717}
        elif status == "cancelled":
            found["usage"] = {"total_output_tokens": 0}
        elif status == "failed" and job.fate == "filtered":
            found["errors"] = [
                {"code": "content_blocked", "message": "The output was blocked: safety settings."}
            ]
        elif status == "failed":
            found["errors"] = [{"code": "internal", "message": "An internal error has occurred."}]
        return found

    def _video(self, job: Job, base: str, clip: bytes) -> dict[str, str]:
        video = {"type": "video", "mime_type": "video/mp4"}
        if _delivery(job) == "inline":
            return {**video, "data": base64.b64encode(clip).decode()}
        stored = job.body["response_format"].get("gcs_uri")
        return {**video, "uri": stored or f"{base}/v1/files/{job.id}:download?alt=media"}


def _delivery(job: Job) -> str:
    return str(job.body["response_format"].get("delivery", "inline"))


def _must_be_valid(body: Any, *, in_project: bool) -> None:
    if not isinstance(body, dict):
        raise Refused(400, "Invalid JSON payload received.")
    for name, value in body.items():
        if name not in _FIELDS:
            raise Refused(400, f'Unknown name "{name}": Cannot find field.')
        if not isinstance(value, _FIELDS[name]):
            raise Refused(400, f"Invalid value at '{name}'.")
    if body.get("model") not in MODELS:
        raise Refused(404, f"Model {body.get('model')!r} was not found.")
    if not body.get("background") or body.get("store") is False:
        raise Refused(400, "This fake makes clips in the background only: background and store.")
    _must_be_format(body.get("response_format", {}), MODELS[body["model"]], in_project=in_project)
    _must_be_input(body.get("input"))
    config = body.get("generation_config", {})
    if set(config) - {"video_config"} or config.get("video_config", {}).get("task", TASKS[0]) not in TASKS:
        raise Refused(400, "Invalid value at 'generation_config'.")
    for name, value in body.get("labels", {}).items():
        if not name[:1].isalpha() or not all(
            isinstance(each, str) and _LABEL.fullmatch(each) for each in (name, value)
        ):
            raise Refused(400, "Invalid value at 'labels'.")
    hook = body.get("webhook_config", {})
    if set(hook) - {"uris", "user_metadata"} or not all(
        isinstance(each, str) for each in hook.get("uris", [])
    ):
        raise Refused(400, "Invalid value at 'webhook_config'.")


def _must_be_format(wanted: Mapping[str, Any], longest: int, *, in_project: bool) -> None:
    for name, value in wanted.items():
        if name not in _FORMAT or not isinstance(value, str) or not _FORMAT[name].fullmatch(value):
            raise Refused(400, f"Invalid value at 'response_format.{name}'.")
    if wanted.get("type") != "video":
        raise Refused(400, "This fake makes clips only: response_format.type is video.")
    if not _SHORTEST <= int(wanted.get("duration", "8s").rstrip("s")) <= longest:
        raise Refused(400, f"The duration must be from {_SHORTEST}s to {longest}s.")
    if in_project and wanted.get("delivery") == "uri" and "gcs_uri" not in wanted:
        raise Refused(400, "response_format.gcs_uri is required for delivery by URI.")


def _must_be_input(given: Any) -> None:
    """A text, pieces of content, or steps of a user's with such pieces."""
    if isinstance(given, str) and given.strip():
        return
    pieces = given if isinstance(given, list) else [given]
    if not pieces or not all(isinstance(piece, dict) for piece in pieces):
        raise Refused(400, "Invalid value at 'input'.")
    for piece in pieces:
        if piece.get("type") == "user_input" and set(piece) == {"type", "content"}:
            _must_be_input(piece["content"])
            continue
        fields = _CONTENT.get(piece.get("type"), frozenset())
        if (
            not fields
            or set(piece) - fields
            or len(piece) < 2
            or not all(isinstance(each, str) for each in piece.values())
        ):
            raise Refused(400, "Invalid value at 'input'.")
        if "data" in piece and not is_picture(piece["data"], piece.get("mime_type")):
            raise Refused(400, "Invalid value at 'input': the image is not of its type.")
