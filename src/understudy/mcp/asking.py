"""What all tools have in common: whose client they use, and how its errors are told."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError

from understudy.client import AsyncClient, NotSignedIn, ServerUnreachable
from understudy.errors import UnderstudyError

Asked = Context[Any, Any]
"""One call of a tool."""
ClientOf = Callable[[Asked], AsyncClient]
"""The client of whoever calls."""

_Given = ParamSpec("_Given")
_Answer = TypeVar("_Answer")


def in_plain_words(tool: Callable[_Given, Awaitable[_Answer]]) -> Callable[_Given, Awaitable[_Answer]]:
    """The tool, with the client's errors as errors of the tool: one sentence that says what to do."""

    @wraps(tool)
    async def told(*given: _Given.args, **named: _Given.kwargs) -> _Answer:
        try:
            return await tool(*given, **named)
        except NotSignedIn as error:
            raise ToolError(f"The server does not accept the keys: {error.message}") from error
        except ServerUnreachable as error:
            raise ToolError(f"{error.message} A task that was asked for goes on without us.") from error
        except UnderstudyError as error:
            raise ToolError(error.message) from error

    return told
