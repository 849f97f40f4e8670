"""What a path of this dialect names. Pure.

    /v1beta1/[projects/{p}/locations/{l}/]publishers/{owner}/models/{m}:predictLongRunning     and /v1/...
    /v1beta1/[projects/{p}/locations/{l}/]publishers/{owner}/models/{m}:fetchPredictOperation
    /v1beta/models/{m}:predictLongRunning
    /v1beta/models/{m}/operations/{id}
    /v1beta/models, /v1beta/models/{m}
    /v1beta/files/{id}:download

Google's client makes `publishers/openai/models/sora-2-pro` of the model `openai/sora-2-pro`, and as a Developer
client `models/openai/sora-2-pro`: so a model's name may have a slash. Projects and locations are the client's own
words: they come back as they were given, and mean nothing here.
"""

import re
from typing import Literal

import msgspec

Verb = Literal["predict", "fetch", "operation", "models", "model", "download"]

_MODEL = r"(?P<model>[^/:]+(?:/[^/:]+)?)"
_PLATFORM = re.compile(
    r"/v1(?:beta1)?/(?P<resource>(?:projects/[^/]+/locations/[^/]+/)?publishers/(?P<owner>[^/]+)/models/"
    + _MODEL
    + r"):(?P<verb>predictLongRunning|fetchPredictOperation)"
)
_PREDICT = re.compile(rf"/v1beta/(?P<resource>models/{_MODEL}):predictLongRunning")
_OPERATION = re.compile(rf"/v1beta/(?P<resource>models/{_MODEL})/operations/(?P<id>[^/:]+)")
_MODELS = re.compile(rf"/v1beta/models(?:/{_MODEL})?")
# google-genai 2.x takes the id out of an https address of a file only: of an http one it sends the whole address in
# the place of the id.
_DOWNLOAD = re.compile(r"/v1beta/files/(?:https?://.*/files/)?(?P<id>[0-9a-f]{32}):download")
_NAME = re.compile(r"(?:.*/)?operations/(?P<id>[^/:]+)")


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done, and with what."""

    method: Literal["GET", "POST"]
    verb: Verb
    resource: str = ""
    """The model's resource name, as the client wrote it: operations are named below it."""
    owner: str = ""
    """The publisher; "" in the Developer form."""
    model: str = ""
    id: str = ""
    """Of an operation or a file."""


def target(path: str) -> Target | None:
    """What a path names; None if it is none of this dialect."""
    if match := _PLATFORM.fullmatch(path):
        verb: Verb = "predict" if match["verb"] == "predictLongRunning" else "fetch"
        return Target(
            method="POST", verb=verb, resource=match["resource"], owner=match["owner"], model=match["model"]
        )
    if match := _PREDICT.fullmatch(path):
        return Target(method="POST", verb="predict", resource=match["resource"], model=match["model"])
    if match := _OPERATION.fullmatch(path):
        return Target(
            method="GET", verb="operation", resource=match["resource"], model=match["model"], id=match["id"]
        )
    if match := _DOWNLOAD.fullmatch(path):
        return Target(method="GET", verb="download", id=match["id"])
    if match := _MODELS.fullmatch(path):
        name = match["model"] or ""
        return Target(method="GET", verb="model" if name else "models", model=name)
    return None


def operation_id(name: str) -> str:
    """The id at the end of an operation's name; "" if it is no such name."""
    match = _NAME.fullmatch(name)
    return match["id"] if match else ""
