"""The doors for clients of other protocols: which paths belong to which dialect.

A dialect is an ASGI application with its own words for requests, answers and errors. Behind each there are the same
desk, store, keys and limits.
"""

from starlette.types import ASGIApp

from understudy.api.auth import Gate
from understudy.api.google import google
from understudy.api.hooks import PREFIX as HOOKS
from understudy.api.hooks import Hooks
from understudy.api.openai_videos import openai_doors
from understudy.api.parts import Parts
from understudy.api.stream import Patience


def doors(parts: Parts, gate: Gate, patience: Patience) -> list[tuple[str, ASGIApp]]:
    """Each path at which a dialect begins, and the application that answers there and below."""
    found: list[tuple[str, ASGIApp]] = [(HOOKS, Hooks(parts.called))]
    found += google(parts, gate, patience)
    found += openai_doors(parts, gate, patience)
    if parts.mcp is not None:
        found.append(("/mcp", parts.mcp))
    return found
