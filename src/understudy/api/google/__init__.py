"""Google's dialect: predictLongRunning and its operations, as the enterprise platform and the Developer API have them."""

from starlette.types import ASGIApp

from understudy.api.auth import Gate
from understudy.api.google.door import GoogleDoor
from understudy.api.parts import Parts
from understudy.api.stream import Patience

PATHS = ("/v1beta1", "/v1beta", "/v1/publishers", "/v1/projects")
"""Where it begins: versions that `GOOGLE_GENAI_API_VERSION` names, but below /v1 only what no other dialect has."""


def google(parts: Parts, gate: Gate, patience: Patience) -> list[tuple[str, ASGIApp]]:
    """Each path at which the dialect begins, with the application that answers there."""
    door = GoogleDoor(parts, gate, patience)
    return [(path, door) for path in PATHS]
