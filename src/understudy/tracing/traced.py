"""A span for every call of some methods of a thing, without its callers or itself knowing of it."""

from collections.abc import Awaitable, Callable, Mapping
from functools import wraps
from typing import Any, TypeVar, cast

from understudy.tracing.tracer import Kind, Tracer

T = TypeVar("T")


def traced(thing: T, tracer: Tracer, methods: Mapping[str, str], kind: Kind = "internal") -> T:
    """The thing, with spans around these coroutine methods, by the names that stand with them.

    Without tracing it is the thing itself.
    """
    return cast(T, _Traced(thing, tracer, methods, kind)) if tracer.on else thing


class _Traced:
    def __init__(self, thing: object, tracer: Tracer, methods: Mapping[str, str], kind: Kind) -> None:
        self._thing = thing
        for method, name in methods.items():
            setattr(self, method, _in_span(getattr(thing, method), tracer, name, kind))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._thing, name)


def _in_span(
    method: Callable[..., Awaitable[Any]], tracer: Tracer, name: str, kind: Kind
) -> Callable[..., Awaitable[Any]]:
    @wraps(method)
    async def within(*given: Any, **more: Any) -> Any:
        with tracer.span(name, kind=kind):
            return await method(*given, **more)

    return within
