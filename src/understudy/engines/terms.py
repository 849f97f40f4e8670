"""What an operator sets for a remote engine that concerns the server and not the partner: how much, how long."""

from collections.abc import Mapping

import msgspec

from understudy.engines.options import Options, number, wrong


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """The terms on which an engine is worked with. Times in seconds."""

    at_once: int | None = None
    """How many jobs it may have at the same time; None leaves it to the engine."""
    deadline_seconds: float = 3600.0
    """How long a task waits for its job."""
    busy_seconds: float = 60.0
    """How long a partner that is busy is asked again, before the next engine's turn comes."""
    webhooks: bool = False
    """Whether the partner is given an address of this server to call when a job ends."""


TERMS = frozenset(Terms.__struct_fields__)
"""Their keys."""


def read_terms(name: str, options: Options) -> Terms:
    """The terms among an engine's options. Raises `ConfigurationError` that names the key."""
    named: Mapping[str, object] = {"name": name, **options}
    defaults = Terms()
    at_once = options.get("at_once")
    if at_once is not None and (not isinstance(at_once, int) or isinstance(at_once, bool) or at_once < 1):
        raise wrong(named, "at_once", "must be a whole number from 1 on", engine=name)
    webhooks = options.get("webhooks", False)
    if not isinstance(webhooks, bool):
        raise wrong(named, "webhooks", "must be true or false", engine=name)
    return Terms(
        at_once=at_once,
        deadline_seconds=number(named, "deadline_seconds", defaults.deadline_seconds, engine=name, least=1),
        busy_seconds=number(named, "busy_seconds", defaults.busy_seconds, engine=name),
        webhooks=webhooks,
    )
