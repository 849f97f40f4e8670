"""The operator's cast, out of the settings: the engines, further ones of their kinds, and the options of each."""

from understudy.catalogue.catalogue import Catalogue
from understudy.config import Settings
from understudy.engines.cast import Cast
from understudy.engines.engine import LocalEngine
from understudy.engines.kinds import instances
from understudy.engines.registry import load_engines


def cast_of(settings: Settings, catalogue: Catalogue) -> Cast:
    """The cast of a server with these settings. Raises `ConfigurationError`.

    An engine stays loaded if one of its models is persistent, unless it only stands in.
    """
    engines = instances(load_engines(settings.engines), settings.engine)
    elsewhere = settings.executor != "local"
    cast = Cast(engines, settings.cast, settings.engine, data=settings.data, elsewhere=elsewhere)
    persistent = {
        engine.name
        for model in catalogue.models
        if model.persistent
        for engine in cast.of(model)
        if isinstance(engine, LocalEngine) and not engine.preview
    }
    if not persistent:
        return cast
    options = {name: {"persistent": True, **settings.engine.get(name, {})} for name in persistent}
    return Cast(
        engines, settings.cast, {**settings.engine, **options}, data=settings.data, elsewhere=elsewhere
    )
