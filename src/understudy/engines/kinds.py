"""Several engines of one kind: a table `[engine.gpu_box]` with `kind = "openai_videos"` is one more engine, `gpu_box`."""

from collections.abc import Mapping

from msgspec.structs import replace

from understudy.engines.engine import Engine
from understudy.engines.options import Options, text
from understudy.errors import ConfigurationError

KIND = "kind"

SERVERS = frozenset({KIND, "ends"})
"""Options that the server reads for every engine, so that no engine has to know them."""


def instances(engines: Mapping[str, Engine], options: Mapping[str, Options]) -> dict[str, Engine]:
    """The engines, and a copy of one under each name whose options say of what `kind` it is.

    Raises `ConfigurationError` for a kind that is no engine, and for a name that is an engine already.
    """
    made = dict(engines)
    for name, given in options.items():
        if KIND not in given:
            continue
        kind = text(given, KIND, engine=name)
        if kind not in engines:
            known = ", ".join(sorted(engines)) or "none"
            raise ConfigurationError(f"engine.{name}.kind: there is no kind {kind!r}; the kinds are: {known}")
        if name in engines:
            raise ConfigurationError(
                f"engine.{name}.kind: {name} is an engine already; give the second {kind} a name of its own"
            )
        made[name] = replace(engines[kind], name=name)
    return made


def own_options(given: Options) -> dict[str, object]:
    """What is the engine's own among what the operator set for it."""
    return {key: value for key, value in given.items() if key not in SERVERS}
