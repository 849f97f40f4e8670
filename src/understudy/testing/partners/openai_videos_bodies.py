"""What requests and answers of the OpenAI Videos protocol carry, each server in its own way, for the fake. Pure."""

import base64
import io
from http import HTTPStatus
from typing import Any, Final

import msgspec
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

SERVED: Final = "sora-2-pro"
"""The one model of a self-hosted server, and the model group of a proxy."""

_KINDS: Final = {
    400: ("BadRequestError", "invalid_request_error"),
    401: ("AuthenticationError", "authentication_error"),
    404: ("NotFoundError", "invalid_request_error"),
    429: ("RateLimitError", "throttling_error"),
}
"""What LiteLLM calls an error of the server behind it, by its status."""


async def read(request: Request) -> tuple[dict[str, str], bytes | None, str]:
    """Fields as text, the picture and its content type, out of a form or of JSON."""
    if request.headers.get("content-type", "").startswith("application/json"):
        body = await request.json()
        reference = body.pop("input_reference", None) or {}
        url = str(reference.get("image_url", ""))
        return {name: str(value) for name, value in body.items()}, *_inline(url)
    async with request.form() as form:
        fields = {name: value for name, value in form.items() if isinstance(value, str)}
        upload = form.get("input_reference")
        if isinstance(upload, UploadFile):
            return fields, await upload.read(), upload.content_type or ""
    return fields, *_inline(fields.pop("input_reference[image_url]", ""))


def pixels(picture: bytes) -> str | None:
    """Width and height of a picture, such as `1280x720`; None if it is none."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(picture), formats=["PNG", "JPEG", "WEBP"]) as image:
            image.load()
            return f"{image.width}x{image.height}"
    except OSError:
        return None


def variant(name: str, clip: bytes) -> Response | None:
    """A clip as its thumbnail, its sheet, or as it is; None if there is no variant of that name."""
    from PIL import Image

    if name == "video":
        return Response(clip, media_type="video/mp4")
    forms = {"thumbnail": "WEBP", "spritesheet": "JPEG"}
    if name not in forms:
        return None
    file = io.BytesIO()
    Image.new("RGB", (64, 64)).save(file, forms[name])
    return Response(file.getvalue(), media_type=f"image/{forms[name].lower()}")


def own_ways(profile: str, shown: dict[str, Any]) -> dict[str, Any]:
    """A job as a server shows it, out of the protocol's own form."""
    state, error = shown["status"], shown["error"]
    own: dict[str, Any] = {}
    hidden: tuple[str, ...] = ()
    match profile:
        case "vllm-omni":
            # The code is the status of the answer about a job that failed, too.
            code = 400 if error and error["code"] == "moderation_blocked" else 500
            own = {"progress": 100 if state == "completed" else 0, "error": error and {**error, "code": code}}
        case "sglang" | "fastvideo":
            hidden = ("prompt",)
            own = {"error": error and {"message": error["message"]}}
            if profile == "fastvideo" and state == "in_progress":
                own |= {"status": "queued", "progress": 0}
        case "litellm":
            hidden = ("prompt",)
            # It hands on the words of whoever is behind it; this one is Veo's.
            own = {"usage": None, **({"status": "processing"} if state == "in_progress" else {})}
    return {name: value for name, value in (shown | own).items() if name not in hidden}


def error_body(profile: str, status: int, message: str, code: str | None) -> dict[str, Any]:
    """An error as a server answers it."""
    if profile in ("sglang", "fastvideo"):
        return {"detail": message}
    kind = "server_error" if status >= 500 else "invalid_request_error"
    error: dict[str, Any] = {"message": message, "type": kind, "param": None, "code": code}
    if profile == "vllm-omni":
        error |= {"type": HTTPStatus(status).phrase, "code": status}
    if profile == "litellm":
        name, kind = _KINDS.get(status, ("InternalServerError", "internal_server_error"))
        behind = msgspec.json.encode({"error": error}).decode()
        told = f"litellm.{name}: OpenAIException - {behind}\n\nLiteLLM: model group {SERVED!r} failed."
        error = {"message": told, "type": kind, "param": None, "code": str(status)}
    return {"error": error}


def _inline(url: str) -> tuple[bytes | None, str]:
    """The picture in a data URL."""
    if not url.startswith("data:"):
        return None, ""
    head, _, data = url.partition(",")
    return base64.b64decode(data), head.removeprefix("data:").partition(";")[0]
