"""What the tests of this dialect say: the paths, the key, and requests with both."""

from typing import Any

import httpx

from tests.api.served import Served
from understudy.tasks.projects import Credentials

VEO = "publishers/google/models/veo-3.1-generate-001"
SCOPED = f"projects/film/locations/europe-west4/{VEO}"
DEVELOPER = "models/veo-3.1-generate-preview"
PROMPT = "A narrow dirt road."


def key(served: Served, owner: Credentials | None = None) -> dict[str, str]:
    """The header that Google's clients send."""
    owner = owner or served.owner
    return {"x-goog-api-key": f"{owner.api_key}:{owner.api_secret}"}


async def post(served: Served, path: str, body: Any, **more: Any) -> httpx.Response:
    headers = key(served) | more.pop("headers", {})
    return await served.client.post(path, json=body, headers=headers, **more)


async def predict(
    served: Served, resource: str = VEO, /, *, instance: Any = None, **parameters: Any
) -> httpx.Response:
    """Ask for a clip of `PROMPT`; `instance` is laid over it."""
    version = "v1beta" if resource.startswith("models/") else "v1beta1"
    body: dict[str, Any] = {"instances": [{"prompt": PROMPT} | (instance or {})]}
    if parameters:
        body["parameters"] = parameters
    return await post(served, f"/{version}/{resource}:predictLongRunning", body)


async def started(served: Served, resource: str = VEO) -> str:
    """The name of a new operation."""
    answer = await predict(served, resource)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["name"])


async def fetch(served: Served, name: str, **more: Any) -> httpx.Response:
    """The operation, by the method of its form."""
    if name.startswith("models/"):
        return await served.client.get(f"/v1beta/{name}", headers=key(served) | more.pop("headers", {}))
    resource = name.rpartition("/operations/")[0]
    return await post(served, f"/v1beta1/{resource}:fetchPredictOperation", {"operationName": name}, **more)


def id_of(name: str) -> str:
    return name.rpartition("/")[2]


def error(code: int, status: str, message: str, field: str = "", reason: str = "") -> dict[str, Any]:
    """An error as it has to be."""
    entry: dict[str, Any] = {"code": code, "message": message, "status": status}
    if field:
        kind = "type.googleapis.com/google.rpc.BadRequest"
        entry["details"] = [{"@type": kind, "fieldViolations": [{"field": field, "description": reason}]}]
    return {"error": entry}


def refused(field: str, reason: str) -> dict[str, Any]:
    """An error that names a field."""
    return error(400, "INVALID_ARGUMENT", f"{field}: {reason}", field, reason)
