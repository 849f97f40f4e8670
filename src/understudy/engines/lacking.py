"""What keeps an engine from running on this machine, in words that all local engines share. Imports nothing of it."""

from collections.abc import Iterable
from importlib.util import find_spec

from understudy.engines.cards import has_card
from understudy.engines.engine import Availability


def packages(names: Iterable[str], extra: str) -> Availability | None:
    """What to say if some of the packages are not installed, which `extra` brings; None if they are."""
    absent = [name for name in names if find_spec(name) is None]
    if not absent:
        return None
    return Availability(
        ok=False,
        reason=f"The packages it needs are not installed: {', '.join(absent)}.",
        remedy=f'Run: pip install "understudy[{extra}]"',
    )


def card(device: str, engine: str) -> Availability | None:
    """What to say if there is no card for an engine that is to compute on `device`; None if there is, or none is needed."""
    if device == "cpu" or has_card():
        return None
    return Availability(
        ok=False,
        reason="There is no NVIDIA card here, or its driver is not installed.",
        remedy=f'Run it where there is one. (device = "cpu" in [engine.{engine}] is for small test models.)',
    )
