"""Functions that are imported when they are called: an engine's description must be cheap to import."""

import pkgutil
from collections.abc import Callable
from typing import Any


def late(path: str) -> Callable[..., Any]:
    """The function at `module:function`. A server without the engine in its cast does not pay for its modules."""

    def call(*arguments: object) -> Any:
        return pkgutil.resolve_name(path)(*arguments)

    return call
