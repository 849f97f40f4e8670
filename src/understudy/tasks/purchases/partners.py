"""The partners that are loaded, one for each remote engine, and the addresses by which they may wake a wait."""

import asyncio
import logging
import pkgutil
from collections.abc import Callable, Mapping

from understudy.engines.cast import Cast
from understudy.engines.engine import RemoteEngine
from understudy.engines.partner import Partner, Tools
from understudy.errors import ConfigurationError, EngineUnavailable

log = logging.getLogger(__name__)

Lend = Callable[[Mapping[str, object]], Tools]
"""Makes the tools of a partner from its options."""


class Partners:
    """Loads each partner when it is first needed, and keeps it."""

    def __init__(self, cast: Cast, lend: Lend) -> None:
        self._cast = cast
        self._lend = lend
        self._loading: dict[str, asyncio.Task[Partner]] = {}

    @property
    def any(self) -> bool:
        """Whether there is a remote engine at all."""
        return any(isinstance(engine, RemoteEngine) for engine in self._cast.engines)

    def engine(self, name: str) -> RemoteEngine | None:
        """The remote engine of that name."""
        engine = self._cast.named(name)
        return engine if isinstance(engine, RemoteEngine) else None

    def at_once(self, engine: RemoteEngine) -> int:
        """How many jobs it may have at the same time."""
        chosen = self._cast.options(engine).get("at_once", engine.at_once)
        return chosen if isinstance(chosen, int) and chosen > 0 else engine.at_once

    def option_seconds(self, engine: RemoteEngine, key: str, default: float) -> float:
        """A length of time that the operator may set."""
        chosen = self._cast.options(engine).get(key, default)
        return float(chosen) if isinstance(chosen, int | float) and chosen > 0 else default

    def wants_hooks(self, engine: RemoteEngine) -> bool:
        """Whether the operator lets the partner call this server when a job ends."""
        return self._cast.options(engine).get("webhooks") is True

    async def of(self, engine: RemoteEngine) -> Partner:
        """The engine's partner. Raises `EngineUnavailable` if it cannot be loaded, saying why."""
        loading = self._loading.get(engine.name)
        if loading is None or (loading.done() and (loading.cancelled() or loading.exception() is not None)):
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
        options = {**self._cast.options(engine), "name": engine.name}
        # Their libraries take up to a second to import.
        make = await asyncio.to_thread(pkgutil.resolve_name, engine.partner)
        partner: Partner = await asyncio.to_thread(make, options, self._lend(options))
        return partner
