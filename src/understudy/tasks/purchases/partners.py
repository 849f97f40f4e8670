"""The partners that are loaded, one for each remote engine."""

import asyncio
import logging
import pkgutil
from collections.abc import Callable, Mapping

from understudy.engines.cast import Cast
from understudy.engines.engine import RemoteEngine
from understudy.engines.partner import Partner, Tools
from understudy.engines.terms import Terms
from understudy.errors import ConfigurationError, EngineUnavailable
from understudy.log import own_context
from understudy.tracing.traced import traced
from understudy.tracing.tracer import NO_TRACER, Tracer

log = logging.getLogger(__name__)

_SPANS = {step: f"partner {step}" for step in ("submit", "look_up", "check", "fetch", "cancel", "delete")}
Lend = Callable[[Mapping[str, object]], Tools]
"""Makes the tools of a partner from its options."""


class Partners:
    """Loads each partner when it is first needed, and keeps it."""

    def __init__(self, cast: Cast, lend: Lend, tracer: Tracer = NO_TRACER) -> None:
        self._cast = cast
        self._lend = lend
        self._tracer = tracer
        self._loading: dict[str, asyncio.Task[Partner]] = {}

    def engine(self, name: str) -> RemoteEngine | None:
        """The remote engine of that name."""
        engine = self._cast.named(name)
        return engine if isinstance(engine, RemoteEngine) else None

    def at_once(self, engine: RemoteEngine) -> int:
        """How many jobs it may have at the same time."""
        return self.terms(engine).at_once or engine.at_once

    def cancels(self, engine: RemoteEngine) -> bool:
        """Whether it can stop a job that it has taken."""
        return engine.cancels(self._cast.options(engine))

    def terms(self, engine: RemoteEngine) -> Terms:
        """How the operator wants it to be worked with."""
        return self._cast.terms(engine)

    async def of(self, engine: RemoteEngine) -> Partner:
        """The engine's partner. Raises `EngineUnavailable` if it cannot be loaded, saying why."""
        loading = self._loading.get(engine.name)
        if loading is None or (loading.done() and (loading.cancelled() or loading.exception() is not None)):
            with own_context(engine=engine.name):
                loading = self._loading[engine.name] = asyncio.create_task(self._load(engine))
        try:
            # Others may wait for the same one: who gives up waiting must not take it from them.
            return await asyncio.shield(loading)
        except ConfigurationError as error:
            raise EngineUnavailable(f"{engine.name} is not set up: {error.message}") from error
        except ImportError as error:
            raise EngineUnavailable(f"{engine.name} cannot be imported: {error}") from error

    async def close(self) -> None:
        """Let go of all of them."""
        for loading in self._loading.values():
            if loading.done() and not loading.cancelled() and loading.exception() is None:
                try:
                    await loading.result().close()
                except Exception:
                    log.exception("a partner's connections could not be closed")
            loading.cancel()
        self._loading.clear()

    async def _load(self, engine: RemoteEngine) -> Partner:
        options = self._cast.options(engine)
        # Their libraries take up to a second to import.
        make = await asyncio.to_thread(pkgutil.resolve_name, engine.partner)
        partner: Partner = await asyncio.to_thread(make, options, self._lend(options))
        return traced(partner, self._tracer, _SPANS, kind="client")
