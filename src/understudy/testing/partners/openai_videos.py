"""A fake server of the OpenAI Videos protocol, as strict as the real one was, or with the ways of one that speaks it today.

Its sources are OpenAI's API reference, and what the real ones answered: LiteLLM's proxy 1.106.2 and 1.109.1, and the routes of
vLLM-Omni 0.30.0, SGLang 0.5.23 and FastVideo 0.2.1. Jobs move by the clock alone: a tenth of their time they are queued.
"""

import base64
import re
from collections.abc import Awaitable, Callable, Mapping
from functools import cached_property, partial
from typing import Any, Final, Literal
from uuid import uuid4

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from understudy.testing.clip import tiny_clip
from understudy.testing.partners.clock import VirtualClock
from understudy.testing.partners.faults import FATES, Fault, FaultPlan, Kind, Step
from understudy.testing.partners.misbehaviour import answer
from understudy.testing.partners.openai_videos_bodies import (
    SERVED,
    error_body,
    own_ways,
    pixels,
    read,
    variant,
)

Profile = Literal["openai", "azure", "vllm-omni", "sglang", "fastvideo", "litellm", "gateway"]

_SELF_HOSTED: Final = ("vllm-omni", "sglang", "fastvideo")
_STANDARD: Final = frozenset({"prompt", "model", "seconds", "size", "input_reference"})
_SIZES: Final = {
    "sora-2": ("1280x720", "720x1280"),
    "sora-2-pro": ("1280x720", "720x1280", "1792x1024", "1024x1792", "1920x1080", "1080x1920"),
}
_DAY: Final = 24 * 3600
_LITELLM_ID: Final = "litellm:custom_llm_provider:openai;model_id:sora-2-pro;video_id:video_{}"
_REPEATED: Final = ("busy", "error before", "error after")


class VideoJob(msgspec.Struct, kw_only=True):
    """One job that was bought."""

    id: str
    fields: dict[str, str]
    picture: bytes | None
    created: float
    fate: str = ""
    """Of `FATES`, or nothing."""
    deleted: bool = False


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """One request, as it arrived."""

    step: Step
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    fields: dict[str, str] = {}
    picture: bytes | None = None
    picture_type: str = ""


class Refused(Exception):
    """A request that the service answers with an error."""

    def __init__(
        self,
        status: int,
        message: str,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = headers


class OpenAIVideos:
    """The service. `paid` counts the jobs that were bought, whatever became of their answers."""

    def __init__(
        self,
        plan: FaultPlan | None = None,
        *,
        clock: VirtualClock | None = None,
        seconds: float = 20.0,
        key: str = "test-key",
        profile: Profile = "openai",
        link: str = "",
    ) -> None:
        """`seconds`: how long a job takes. `link`: clips lie at this address instead, as SGLang's do with S3."""
        self.plan = plan or FaultPlan()
        self.clock = clock or VirtualClock()
        self.seconds = seconds
        self.key = key
        self.profile = profile
        self.link = link
        self.paid = 0
        self.jobs: dict[str, VideoJob] = {}
        self.requests: list[Sent] = []
        self.app = Starlette(
            routes=[
                Route("/v1/videos", self._create, methods=["POST"]),
                Route("/v1/videos", self._list, methods=["GET"]),
                Route("/v1/videos/{id}", self._get, methods=["GET"]),
                Route("/v1/videos/{id}/content", self._content, methods=["GET"]),
                *(
                    [Route("/v1/videos/{id}", self._delete, methods=["DELETE"])]
                    if profile != "litellm"
                    else []
                ),
            ]
        )

    @cached_property
    def clip(self) -> bytes:
        """What a job that went well gives."""
        return tiny_clip()

    async def _create(self, request: Request) -> Response:
        fields, picture, kind = await read(request)
        self._note("create", request, fields=fields, picture=picture, picture_type=kind)

        fault = self._repeated(request, fields, picture, self.plan.meet("create"))
        fate = fault.kind if fault is not None and fault.kind in FATES else ""

        def make() -> Response:
            self._check(request, fields, picture)
            job = self._buy(fields, picture, fate)
            return JSONResponse(self._shown(job), headers=self._hint())

        return self._played(fault, make)

    async def _list(self, request: Request) -> Response:
        self._note("list", request)

        def page() -> Response:
            self._authorize(request)
            if self.profile == "litellm":
                raise Refused(
                    400, "LLM Provider NOT provided. Pass in the LLM provider you are trying to call."
                )
            limit = int(request.query_params.get("limit", "20"))
            if not 1 <= limit <= 100:
                raise Refused(400, "limit must be from 1 to 100")
            jobs = [job for job in self.jobs.values() if self._known(job)]
            jobs.sort(
                key=lambda job: job.created, reverse=request.query_params.get("order", "desc") == "desc"
            )
            after = request.query_params.get("after")
            if after is not None:
                places = [place for place, job in enumerate(jobs) if job.id == after]
                jobs = jobs[places[0] + 1 :] if places else []
            shown = [self._shown(job) for job in jobs[:limit]]
            page: dict[str, Any] = {"object": "list", "data": shown}
            if self.profile != "fastvideo":
                page["has_more"] = len(jobs) > limit
                page["first_id"] = shown[0]["id"] if shown else None
                page["last_id"] = shown[-1]["id"] if shown else None
            return JSONResponse(page)

        return self._played(self.plan.meet("list"), page)

    async def _get(self, request: Request) -> Response:
        self._note("check", request)

        def get() -> Response:
            job = self._found(request)
            shown = self._shown(job)
            if self.profile == "vllm-omni" and shown["status"] == "failed":
                return JSONResponse(shown, shown["error"]["code"])
            return JSONResponse(shown, headers=self._hint())

        return self._played(self.plan.meet("check"), get)

    async def _delete(self, request: Request) -> Response:
        job = self.jobs.get(request.path_params["id"])
        running = job is not None and self._state(job) in ("queued", "in_progress")
        step: Step = "cancel" if running and self.profile == "vllm-omni" else "delete"
        self._note(step, request)

        def delete() -> Response:
            job = self._found(request)
            if running and self.profile in ("openai", "azure", "gateway"):
                raise Refused(409, "Only a video that is completed or failed can be deleted.")
            shown = self._shown(job)
            job.deleted = True
            if self.profile in ("sglang", "fastvideo"):
                return JSONResponse({**shown, "status": "deleted"})
            return JSONResponse({"id": job.id, "object": "video.deleted", "deleted": True})

        return self._played(self.plan.meet(step), delete)

    async def _content(self, request: Request) -> Response:
        self._note("content", request)

        def give() -> Response:
            job = self._found(request)
            state = self._state(job)
            asked = request.query_params.get("variant")
            if state == "failed" and self.profile == "vllm-omni":
                raise Refused(422, "Video generation failed. Check job status for error details.")
            if state == "failed" and self.profile == "fastvideo":
                raise Refused(500, "Video generation failed")
            if state != "completed" or (
                self.profile not in _SELF_HOSTED and self.clock() > job.created + self.seconds + _DAY
            ):
                raise Refused(404, "Video content is not available.")
            if self.profile == "sglang" and asked is not None and not asked.isdecimal():
                raise Refused(404, f"Video variant {asked} not found")
            if self.link:
                raise Refused(
                    400,
                    f"Video has been uploaded to cloud storage. Please use the cloud URL: {self.link}",
                )
            if self.profile in ("openai", "azure"):
                found = variant(asked or "video", self.clip)
                if found is None:
                    raise Refused(400, f"Invalid value for 'variant': {asked}.", "invalid_value")
                return found
            return Response(self.clip, media_type="video/mp4")

        return self._played(self.plan.meet("content"), give)

    def _played(self, fault: Fault | None, do: Callable[[], Response]) -> Response:
        """The answer to what the plan has for this request."""

        async def act() -> Response:
            try:
                return do()
            except Refused as refused:
                return self._error(refused)

        return _Played(
            fault, act, {kind: partial(self._error, each) for kind, each in self._refusals().items()}
        )

    def _refusals(self) -> Mapping[Kind, Refused]:
        """What is answered although nothing was done."""
        blocked = "Your request was blocked by our moderation system."
        return {
            "busy": Refused(429, "Rate limit reached.", "rate_limit_exceeded", {"Retry-After": "7"}),
            "error before": Refused(503, "The server is overloaded.", "server_error"),
            "refused": Refused(400, "The request is invalid.", "invalid_value"),
            "refused content": Refused(400, blocked, "moderation_blocked"),
            "no account": Refused(401, f"Incorrect API key provided: {self.key}.", "invalid_api_key"),
            "expired": Refused(404, "The video has expired.", "expired"),
            "redirects": Refused(307, "Moved.", headers={"Location": "/v1/videos/elsewhere"}),
        }

    def _check(self, request: Request, fields: dict[str, str], picture: bytes | None) -> None:
        """Refuse what the service would refuse."""
        self._authorize(request)
        prompt = fields.get("prompt", "")
        if not 1 <= len(prompt) <= 32_000:
            raise Refused(400, "prompt must have 1 to 32000 characters.", "invalid_value")
        if self.profile in _SELF_HOSTED:
            self._check_as_hosts_do(request, fields, picture)
            return
        if self.profile in ("openai", "azure"):
            unknown = sorted(fields.keys() - _STANDARD)
            if unknown:
                raise Refused(400, f"Unknown parameter: '{unknown[0]}'.", "unknown_parameter")
            if fields.get("seconds", "4") not in ("4", "8", "12"):
                raise Refused(400, "Invalid value for 'seconds': must be 4, 8 or 12.", "invalid_value")
        model = fields.get("model", "sora-2")
        if self.profile == "openai" and model not in _SIZES:
            raise Refused(404, f"The model '{model}' does not exist.", "model_not_found")
        size = fields.get("size", "720x1280")
        if self.profile in ("openai", "azure") and size not in _SIZES.get(model, _SIZES["sora-2"]):
            raise Refused(400, f"Invalid size for {model}: {size}.", "invalid_value")
        if picture is not None and (found := pixels(picture)) != size:
            told = (
                "Inpaint image must match the requested width and height"
                if found
                else "The image is unreadable."
            )
            raise Refused(400, told, "invalid_image")

    def _check_as_hosts_do(self, request: Request, fields: dict[str, str], picture: bytes | None) -> None:
        multipart = request.headers.get("content-type", "").startswith("multipart/")
        wrong = 400 if self.profile == "vllm-omni" else 422
        if not re.fullmatch(r"[1-9]\d*", fields.get("seconds", "4")):
            raise Refused(wrong, "seconds should match pattern '^[1-9]\\d*$'")
        if not re.fullmatch(r"\d+x\d+", fields.get("size", "1280x720")):
            raise Refused(wrong, "size should match pattern '^\\d+x\\d+$'")
        if self.profile == "vllm-omni":
            if not multipart:
                raise Refused(400, "prompt: Field required")
            if fields.get("model", SERVED) != SERVED:
                raise Refused(400, f"Model mismatch: {fields['model']}, but server is running {SERVED}.")
        elif multipart and picture is None:
            # Older versions do not take a form without a file; those of today do.
            raise Refused(400, "input_reference file is required")

    def _authorize(self, request: Request) -> None:
        if self.profile in _SELF_HOSTED:
            return
        bearer = request.headers.get("authorization", "")
        given = request.headers.get("api-key", "") if self.profile == "azure" else ""
        if (given or bearer.removeprefix("Bearer ")) != self.key:
            # As the real one does, it repeats what it was given.
            raise Refused(401, f"Incorrect API key provided: {given or bearer}.", "invalid_api_key")

    def _buy(self, fields: dict[str, str], picture: bytes | None, fate: str) -> VideoJob:
        random = uuid4().hex
        id = {
            "vllm-omni": f"video_gen_{random}",
            "litellm": "video_" + base64.b64encode(_LITELLM_ID.format(random).encode()).decode(),
            "sglang": str(uuid4()),
            "fastvideo": random,
        }.get(self.profile, f"video_{random}")
        job = VideoJob(id=id, fields=fields, picture=picture, created=self.clock(), fate=fate)
        self.jobs[id] = job
        self.paid += 1
        return job

    def _found(self, request: Request) -> VideoJob:
        self._authorize(request)
        job = self.jobs.get(request.path_params["id"])
        if job is None or not self._known(job):
            raise Refused(404, "Video not found", "not_found")
        return job

    def _known(self, job: VideoJob) -> bool:
        # Known long enough for its id to be answered, and then forgotten.
        return not job.deleted and not (job.fate == "forgotten" and self.clock() > job.created)

    def _state(self, job: VideoJob) -> str:
        share = (self.clock() - job.created) / self.seconds if self.seconds else 1.0
        if job.fate == "fails" and share >= 0.5:
            return "failed"
        if share >= 1:
            return "failed" if job.fate == "filtered" else "completed"
        return "queued" if share < 0.1 else "in_progress"

    def _shown(self, job: VideoJob) -> dict[str, Any]:
        state = self._state(job)
        share = min(1.0, (self.clock() - job.created) / self.seconds if self.seconds else 1.0)
        over = state in ("completed", "failed")
        shown: dict[str, Any] = {
            "id": job.id,
            "object": "video",
            "model": job.fields.get("model", "sora-2"),
            "status": state,
            "progress": 100 if state == "completed" else int(share * 100),
            "created_at": int(job.created),
            "completed_at": int(job.created + self.seconds) if over else None,
            "expires_at": int(job.created + self.seconds + _DAY) if over else None,
            "prompt": job.fields["prompt"],
            "size": job.fields.get("size", "720x1280"),
            "seconds": job.fields.get("seconds", "4"),
            "remixed_from_video_id": None,
            "error": None,
        }
        if state == "failed":
            shown["error"] = (
                {"code": "moderation_blocked", "message": "The video was blocked by our moderation system."}
                if job.fate == "filtered"
                else {"code": "video_generation_failed", "message": "The generation failed."}
            )
        return own_ways(self.profile, shown)

    def _hint(self) -> dict[str, str]:
        return {"openai-poll-after-ms": "2000"} if self.profile == "openai" else {}

    def _error(self, refused: Refused) -> Response:
        body = error_body(self.profile, refused.status, str(refused), refused.code)
        # LiteLLM keeps the headers of whoever is behind it to itself.
        return JSONResponse(body, refused.status, None if self.profile == "litellm" else refused.headers)

    def _repeated(
        self, request: Request, fields: dict[str, str], picture: bytes | None, fault: Fault | None
    ) -> Fault | None:
        """LiteLLM asks the server behind it again after an error, unless it is told not to: what was taken is paid twice."""
        told_not_to = request.headers.get("x-litellm-num-retries") == "0"
        if self.profile != "litellm" or told_not_to or fault is None or fault.kind not in _REPEATED:
            return fault
        if fault.kind == "error after":
            self._buy(fields, picture, "")
        return None

    def _note(self, step: Step, request: Request, **more: Any) -> None:
        self.requests.append(
            Sent(
                step=step,
                path=request.url.path,
                query=dict(request.query_params),
                headers=dict(request.headers),
                **more,
            )
        )


class _Played(Response):
    """An answer with which something may go wrong."""

    def __init__(
        self,
        fault: Fault | None,
        act: Callable[[], Awaitable[Response]],
        refusals: Mapping[Kind, Callable[[], Response]],
    ) -> None:
        super().__init__()
        self._how = (fault, act, refusals)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await answer(scope, receive, send, *self._how)
