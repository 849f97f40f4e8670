"""Which engines there are: those that packages register as entry points, and those that the operator names.

Nothing of an engine but its light description is imported here.
"""

import logging
import pkgutil
from collections.abc import Iterable, Sequence
from importlib.metadata import EntryPoint, entry_points

from understudy.engines.engine import Availability, Engine, LocalEngine, RemoteEngine
from understudy.errors import ConfigurationError

GROUP = "understudy.engines"

log = logging.getLogger(__name__)


def load_engines(
    extra: Sequence[str] = (), *, registered: Iterable[EntryPoint] | None = None
) -> dict[str, Engine]:
    """Engines by name: the `registered` entry points (default: all installed), then `extra` `module:attribute` paths.

    A registered engine that cannot be imported is there all the same, as unavailable, under its entry point's name
    and with the reason: somebody else's broken package must not stop the server. A path that the operator names
    must be right, and its engine takes the place of a registered one of the same name.

    Raises `ConfigurationError` for a path in `extra` that does not lead to an engine.
    """
    engines: dict[str, Engine] = {}
    for point in entry_points(group=GROUP) if registered is None else registered:
        engine = _registered(point)
        if engine.name in engines:
            log.warning("Two packages register an engine named %s; %s is left out", engine.name, point.value)
        engines.setdefault(engine.name, engine)
    for path in extra:
        engine = _named(path)
        engines[engine.name] = engine
    return engines


def _registered(point: EntryPoint) -> Engine:
    try:
        found = point.load()
    except (Exception, SystemExit) as error:
        log.exception("Engine %s cannot be imported from %s", point.name, point.value)
        return _broken(point, f"It cannot be imported: {type(error).__name__}: {error}")
    if not isinstance(found, LocalEngine | RemoteEngine):
        log.error("Engine %s: %s is no engine", point.name, point.value)
        return _broken(point, f"{point.value} is a {type(found).__name__}, not an engine.")
    return found


def _broken(point: EntryPoint, reason: str) -> LocalEngine:
    package = point.dist.name if point.dist is not None else point.value.partition(":")[0]
    unavailable = Availability(
        ok=False, reason=reason, remedy=f"Repair or reinstall the package {package}, or uninstall it."
    )
    return LocalEngine(
        name=point.name,
        version="",
        preview=False,
        pipeline=point.value,
        availability=lambda _: unavailable,
    )


def _named(path: str) -> Engine:
    module, _, attribute = path.partition(":")
    if not module or not attribute:
        raise ConfigurationError(
            f"engine {path!r}: write it as module:attribute, such as my_package.engine:engine"
        )
    try:
        found = pkgutil.resolve_name(path)
    except (Exception, SystemExit) as error:
        raise ConfigurationError(
            f"engine {path!r} cannot be imported: {type(error).__name__}: {error}"
        ) from error
    if not isinstance(found, LocalEngine | RemoteEngine):
        raise ConfigurationError(f"engine {path!r} is a {type(found).__name__}, not an engine")
    return found
