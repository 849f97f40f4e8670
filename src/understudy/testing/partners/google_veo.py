"""Veo on Google's cloud, as a fake: predictLongRunning and fetchPredictOperation, by key and by project.

The requests are checked by the fields and types of Google Cloud's "Veo API" page, as google-genai 3.4.0 sends them.
"""

import base64
import re
from collections.abc import Callable, Mapping
from secrets import token_hex
from typing import Any, Final

import msgspec
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from understudy.testing.partners.clock import VirtualClock
from understudy.testing.partners.faults import Fault, FaultPlan, fate_of
from understudy.testing.partners.google_answers import (
    Act,
    Refused,
    Sent,
    is_picture,
    must_be_signed,
    of_the_cloud,
    play,
)
from understudy.testing.partners.misbehaviour import DAMAGED
from understudy.testing.partners.shop import Shop

MODELS: Final = ("veo-3.1-generate-001", "veo-3.1-fast-generate-001", "veo-3.1-lite-generate-001")

_PATH: Final = re.compile(
    r"/v1(?:beta1)?/(?P<resource>(?:projects/[\w-]+/locations/[\w-]+/)?publishers/google/models/(?P<model>[\w.-]+))"
    r":(?P<method>predictLongRunning|fetchPredictOperation)"
)
_MOST_SAMPLES: Final = 4
_FILTERED: Final = (
    "Veo could not generate videos because the input image violates Vertex AI's usage guidelines."
    " Support codes: 15236754"
)


def _is(*kinds: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, kinds) and (bool in kinds or not isinstance(value, bool))


def _one_of(*values: object) -> Callable[[Any], bool]:
    return lambda value: any(type(value) is type(each) and value == each for each in values)


def _image(value: Any) -> bool:
    if not isinstance(value, Mapping) or not set(value) <= {"bytesBase64Encoded", "gcsUri", "mimeType"}:
        return False
    if "gcsUri" in value:
        return "bytesBase64Encoded" not in value and str(value["gcsUri"]).startswith("gs://")
    return is_picture(value.get("bytesBase64Encoded"), value.get("mimeType"))


_INSTANCE: Final[Mapping[str, Callable[[Any], bool]]] = {
    "prompt": lambda value: isinstance(value, str) and bool(value.strip()),
    "image": _image,
    "lastFrame": _image,
    "referenceImages": _is(list),
    "video": _is(dict),
    "mask": _is(dict),
}
_PARAMETERS: Final[Mapping[str, Callable[[Any], bool]]] = {
    "sampleCount": lambda value: _is(int)(value) and 1 <= value <= _MOST_SAMPLES,
    "storageUri": lambda value: isinstance(value, str) and value.startswith("gs://"),
    "fps": _one_of(24),
    "durationSeconds": _one_of(4, 6, 8),
    "seed": lambda value: _is(int)(value) and 0 <= value < 2**32,
    "aspectRatio": _one_of("16:9", "9:16"),
    "resolution": _one_of("720p", "1080p", "4k"),
    "pubsubTopic": _is(str),
    "negativePrompt": lambda value: isinstance(value, str) and bool(value),
    "enhancePrompt": _is(bool),
    "generateAudio": _is(bool),
    "compressionQuality": _one_of("OPTIMIZED", "LOSSLESS", "optimized", "lossless"),
    "resizeMode": _one_of("CROP", "PAD", "crop", "pad"),
}


class Job(msgspec.Struct, kw_only=True):
    """One that was bought."""

    model: str
    body: Mapping[str, Any]
    placed: float
    fate: str = ""
    """`filtered`, `fails`, `forgotten`, or nothing."""


class GoogleVeo(Shop):
    """The service, with one account."""

    def __init__(
        self,
        plan: FaultPlan | None = None,
        *,
        clock: VirtualClock | None = None,
        seconds: float = 20.0,
        key: str = "test-key",
        people: tuple[str, ...] = ("allow_adult", "dont_allow"),
    ) -> None:
        """`key`: what is accepted as a key or token; `people`: how it spells personGeneration. See `Shop`."""
        super().__init__(plan, clock, seconds, key)
        self.jobs: dict[str, Job] = {}
        """By the operation's name."""
        self.requests: list[Sent] = []
        self.app: ASGIApp = self._app
        self._people = people

    @property
    def paid(self) -> int:
        """How many jobs were bought."""
        return len(self.jobs)

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        await play(scope, receive, send, self._asked, of_the_cloud)

    def _asked(self, sent: Sent) -> tuple[Act, Fault | None]:
        self.requests.append(sent)
        must_be_signed(sent, self.key)
        path = _PATH.fullmatch(sent.path)
        if sent.method != "POST" or path is None or path["model"] not in MODELS:
            raise Refused(404, f"Publisher Model `{sent.path}` was not found.")
        if path["method"] == "predictLongRunning":
            _must_be_valid(sent.body, self._people)
            fault = self.plan.meet("create")
            return lambda: self._create(path["resource"], path["model"], sent.body, fate_of(fault)), fault
        name = sent.body.get("operationName") if isinstance(sent.body, dict) else None
        if not isinstance(name, str) or len(sent.body) != 1:
            raise Refused(400, "Invalid value at 'operation_name'.")
        if not name.startswith(f"{path['resource']}/operations/"):
            raise Refused(400, "The operation is not one of this model's.")
        fault = self.plan.meet("check")
        job = self.jobs.get(name)
        if fault is None and job and not job.fate and self.clock() - job.placed >= self.seconds:
            fault = self.plan.meet("content")
            if fault and fault.kind == "damaged":  # the answer is whole, the clip in it is not
                return lambda: self._operation(name, DAMAGED), None
        return lambda: self._operation(name, self.clip), fault

    def _create(self, resource: str, model: str, body: Mapping[str, Any], fate: str) -> Response:
        name = f"{resource}/operations/{token_hex(16)}"
        self.jobs[name] = Job(model=model, body=body, placed=self.clock(), fate=fate)
        return JSONResponse({"name": name})

    def _operation(self, name: str, clip: bytes) -> Response:
        job = self.jobs.get(name)
        if job is None or job.fate == "forgotten":
            raise Refused(404, f"Operation `{name}` was not found.")
        age = self.clock() - job.placed
        if job.fate == "fails" and age >= self.seconds / 2:
            error = {"code": 13, "message": "Video generation failed due to an internal server issue."}
            return JSONResponse({"name": name, "done": True, "error": error})
        if age < self.seconds:
            return JSONResponse({"name": name})
        response: dict[str, Any] = {
            "@type": "type.googleapis.com/cloud.ai.large_models.vision.GenerateVideoResponse"
        }
        if job.fate == "filtered":
            response |= {"raiMediaFilteredCount": 1, "raiMediaFilteredReasons": [_FILTERED]}
        else:
            video = {"bytesBase64Encoded": base64.b64encode(clip).decode(), "mimeType": "video/mp4"}
            response |= {"videos": [video] * job.body["parameters"].get("sampleCount", 1)}
        return JSONResponse({"name": name, "done": True, "response": response})


def _must_be_valid(body: Any, people: tuple[str, ...]) -> None:
    if not isinstance(body, dict):
        raise Refused(400, "Invalid JSON payload received.")
    _fields(body, {"instances": _is(list), "parameters": _is(dict), "labels": _is(dict)}, "")
    instances = body.get("instances", [])
    if len(instances) != 1 or not isinstance(instances[0], dict):
        raise Refused(400, "Exactly one instance is wanted.")
    _fields(instances[0], _INSTANCE, "instances[0].")
    if "prompt" not in instances[0] and "image" not in instances[0]:
        raise Refused(400, "Either a prompt or an image is wanted.")
    parameters = {**_PARAMETERS, "personGeneration": _one_of(*people)}
    _fields(body.setdefault("parameters", {}), parameters, "parameters.")


def _fields(given: Mapping[str, Any], known: Mapping[str, Callable[[Any], bool]], where: str) -> None:
    for name, value in given.items():
        if name not in known:
            raise Refused(400, f'Unknown name "{where}{name}": Cannot find field.')
        if not known[name](value):
            raise Refused(400, f"Invalid value at '{where}{name}'.")
