"""Statistics of a model, as the tasks keep them."""

import msgspec


class Runs(msgspec.Struct, frozen=True, kw_only=True):
    runs: int = 0
    successes: int = 0
    errors: int = 0
    last_run: float = 0.0
    mean_elapsed: float = 0.0
