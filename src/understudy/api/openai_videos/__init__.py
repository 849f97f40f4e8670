"""The OpenAI Videos dialect: `/v1/videos`, with `/v1/models` and `/health` as its clients and benchmark tools want them.

The protocol is that of the `openai` package (read in 3.54) and of OpenAI's OpenAPI document of August 2026.
"""

from starlette.types import ASGIApp

from understudy.api.auth import Gate
from understudy.api.openai_videos.door import Door
from understudy.api.openai_videos.health import health
from understudy.api.openai_videos.models import Models
from understudy.api.openai_videos.videos import Videos
from understudy.api.parts import Parts
from understudy.api.stream import Patience


def openai_doors(parts: Parts, gate: Gate, patience: Patience) -> list[tuple[str, ASGIApp]]:
    """Each path at which the dialect begins, and the application that answers there and below."""
    videos = Door("/v1/videos", Videos(parts).answer, parts, gate, patience)
    models = Door("/v1/models", Models(parts).answer, parts, gate, patience)
    return [("/v1/videos", videos), ("/v1/models", models), ("/health", health)]
