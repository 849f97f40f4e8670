"""How many cases: the same few in every run of the suite, or new ones for as long as the environment says.

UNDERSTUDY_FUZZ_SECONDS=600 pytest tests/fuzz
"""

import os
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy

SECONDS = float(os.environ.get("UNDERSTUDY_FUZZ_SECONDS", "0"))
"""For all tests of this folder together; 0 for the short form."""

LONGEST = 120.0 + SECONDS
"""Seconds for one test, for pytest's own limit."""

_ROUND = 20
_LONGEST_SHOWN = 4000

QUIET = settings(
    database=None,
    deadline=None,  # each request has its own limit
    suppress_health_check=list(HealthCheck),
    phases=(Phase.generate, Phase.shrink),
    print_blob=True,
)

Case = TypeVar("Case")


def fuzz(
    check: Callable[[Case], None],
    strategy: SearchStrategy[Case],
    *,
    cases: int,
    share: float,
    shrink: bool = True,
) -> None:
    """Run `check` on that many cases, or on new ones for its `share` of `SECONDS`.

    `shrink`: look for a smaller case that fails, too; not for those that fail by waiting.
    """
    phases = (Phase.generate, Phase.shrink) if shrink else (Phase.generate,)
    until = time.monotonic() + SECONDS * share

    def each(shown: _Shown[Case]) -> None:
        if not SECONDS or time.monotonic() < until:
            check(shown.case)

    def go(how: settings) -> None:
        how(given(strategy.map(_Shown))(each))()

    if not SECONDS:
        go(settings(QUIET, max_examples=cases, derandomize=True, phases=phases))
    while time.monotonic() < until:
        go(settings(QUIET, max_examples=_ROUND, phases=phases))


class _Shown(Generic[Case]):
    """A case, printed up to a length that somebody might read."""

    def __init__(self, case: Case) -> None:
        self.case = case

    def __repr__(self) -> str:
        return repr(self.case)[:_LONGEST_SHOWN]
