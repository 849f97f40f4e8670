"""The tracer that the operator wants."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

from understudy.errors import ConfigurationError
from understudy.tracing.tracer import NO_TRACER, Tracer


@asynccontextmanager
async def tracer_for(tracing: Literal["off", "otlp"], instance: str) -> AsyncIterator[Tracer]:
    """The tracer of this process, named `instance`. Raises `ConfigurationError` if it cannot be had."""
    if tracing == "off":
        yield NO_TRACER
        return
    try:
        # Late: OpenTelemetry is an extra.
        from understudy.tracing.otlp import otlp_tracer
    except ImportError as error:
        raise ConfigurationError(
            "tracing = otlp needs OpenTelemetry; install it with: pip install 'understudy[otel]'."
        ) from error
    async with otlp_tracer(instance) as tracer:
        yield tracer
