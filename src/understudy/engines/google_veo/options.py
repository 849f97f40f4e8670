"""What an operator may set for the engine, as the table [engine.google_veo]. No SDK."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from understudy.engines.engine import Availability, Contract, Treatment
from understudy.engines.google import account as google
from understudy.engines.google.account import Price, Prices
from understudy.engines.mappings.google_veo import Limits, treated
from understudy.engines.mappings.treatments import treatments
from understudy.engines.options import Options, must_be_known, table, wrong

ENGINE: Final = "google_veo"
MODEL: Final = "veo-3.1-generate-001"
OWN: Final = frozenset({"person_generation", "durations"})

DURATIONS: Final = {"720p": (4, 6, 8), "1080p": (4, 6, 8)}
"""Google Cloud, Veo API. The models' third resolution, 4k, is in no contract."""


def _each(sound: str, silent: str | None = None) -> Price:
    return Price(Decimal(sound), Decimal(silent) if silent else None)


# LiteLLM's price map 1.109.1; half without sound from Google's own list of the first model.
PRICES: Final[Prices] = {
    "veo-3.1-generate-001": {
        "720p": _each("0.40", "0.20"),
        "1080p": _each("0.40", "0.20"),
        "4k": _each("0.60", "0.40"),
    },
    "veo-3.1-fast-generate-001": {"720p": _each("0.10"), "1080p": _each("0.12"), "4k": _each("0.30")},
    "veo-3.1-lite-generate-001": {"720p": _each("0.05"), "1080p": _each("0.08")},
}


class Settings(google.Settings, frozen=True, kw_only=True):
    """The options, checked."""

    limits: Limits


def read(options: Options, environment: Mapping[str, str] | None = None) -> Settings:
    """The engine's options. Raises `ConfigurationError` that names the key."""
    must_be_known(options, google.SHARED | OWN, engine=ENGINE)
    return Settings(
        account=google.read_account(options, engine=ENGINE, environment=environment),
        models=google.read_models(options, MODEL, engine=ENGINE),
        prices=google.read_prices(options, PRICES, engine=ENGINE),
        limits=_limits(options),
    )


def available(options: Options) -> Availability:
    """What is missing, and what to do about it; nothing is sent."""
    return google.available(read, options, engine=ENGINE)


def labels(options: Options) -> dict[str, str]:
    """Which model plays, for the answers of runs."""
    return google.labels(options, MODEL)


def treats(contract: Contract, options: Options) -> tuple[Treatment, ...]:
    """A row for each input of a contract. Raises `ConfigurationError`."""
    return treatments(contract, treated(contract.address, _limits(options)))


def _limits(options: Options) -> Limits:
    return Limits(durations=_durations(options), people=_people(options))


def _people(options: Options) -> dict[str, str]:
    spelt = table(options, "person_generation", engine=ENGINE)
    if not all(isinstance(value, str) and value for value in spelt.values()):
        raise wrong(
            options, "person_generation", 'must be a table such as { dont_allow = "disallow" }', engine=ENGINE
        )
    return {str(name): str(value) for name, value in spelt.items()}


def _durations(options: Options) -> dict[str, tuple[int, ...]]:
    given: Any = options.get("durations", DURATIONS)
    by_resolution = given if isinstance(given, Mapping) else dict.fromkeys(DURATIONS, given)
    if not by_resolution or not all(_are_seconds(each) for each in by_resolution.values()):
        raise wrong(
            options,
            "durations",
            'must be a list of seconds, or a table of them by resolution such as { "1080p" = [8] }',
            engine=ENGINE,
        )
    return {str(name): tuple(each) for name, each in by_resolution.items()}


def _are_seconds(given: Any) -> bool:
    return (
        isinstance(given, list | tuple)
        and len(given) > 0
        and all(isinstance(each, int) and not isinstance(each, bool) and each > 0 for each in given)
    )
