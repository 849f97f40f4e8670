"""How patient the local executor is. All in seconds."""

import msgspec


class Timings(msgspec.Struct, frozen=True, kw_only=True):
    """The defaults are for production; tests use shorter ones."""

    idle: float = 600.0
    """A replica that has had nothing to do for so long is unloaded, unless it is persistent."""
    cancel_grace: float = 1.5
    """How long a cancelled run may take to stop by itself before it is killed."""
    stop_grace: float = 1.5
    """How long an idle replica may take to give its memory back before it is killed."""
    silence: float = 60.0
    """A replica whose heartbeats stay away for so long is taken for dead."""
    backoff_first: float = 0.5
    """The wait before a new start after a first failure; doubled with each further one."""
    backoff_most: float = 30.0


def backoff(failures: int, timings: Timings) -> float:
    """Seconds to wait before the next start after so many failures in a row: exponential, bounded."""
    if failures == 0:
        return 0.0
    return min(timings.backoff_most, timings.backoff_first * 2.0 ** min(failures - 1, 32))
