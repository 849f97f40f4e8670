"""What an operator may set for the engine, as the table [engine.google_omni]. No SDK."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

import msgspec

from understudy.engines.engine import Availability, Contract, Treatment
from understudy.engines.google import account as google
from understudy.engines.google.account import Price, Prices
from understudy.engines.mappings.google_omni import RESOLUTIONS, Delivery, Limits, treated
from understudy.engines.mappings.treatments import treatments
from understudy.engines.options import Options, must_be_known, number, text, wrong

ENGINE: Final = "google_omni"
MODEL: Final = "gemini-omni-1.1-flash"
OWN: Final = frozenset({"enterprise", "delivery", "shortest_seconds", "longest_seconds", "resolutions"})

SHORTEST: Final = 3
LONGEST: Final = {"gemini-omni-1.2-flash": 15}
"""Third parties' figures: Google's own pages do not say."""
LONGEST_OTHERWISE: Final = 10


def _each(dollars: str) -> Price:
    return Price(Decimal(dollars), Decimal(dollars))


# Google's list. Of 1.2 there is none, only what resellers say of each other.
PRICES: Final[Prices] = {
    "gemini-omni-1.1-flash": {
        "360p": _each("0.03"),
        "720p": _each("0.10"),
        "1080p": _each("0.15"),
        "4k": _each("0.30"),
    }
}


class Making(msgspec.Struct, frozen=True, kw_only=True):
    """What clips are like, as far as the model leaves it open."""

    shortest: int
    longest: int | None
    """In seconds; None leaves it to the model."""
    resolutions: tuple[str, ...]
    delivery: Delivery

    def limits(self, model: str) -> Limits:
        """What a model makes."""
        usual = max(self.shortest, LONGEST.get(model, LONGEST_OTHERWISE))
        return Limits(
            shortest=self.shortest,
            longest=usual if self.longest is None else self.longest,
            resolutions=self.resolutions,
            delivery=self.delivery,
        )


class Settings(google.Settings, frozen=True, kw_only=True):
    """The options, checked."""

    enterprise: bool
    """Google's cloud; otherwise the Gemini Developer API."""
    making: Making


def read(options: Options, environment: Mapping[str, str] | None = None) -> Settings:
    """The engine's options. Raises `ConfigurationError` that names the key."""
    must_be_known(options, google.SHARED | OWN, engine=ENGINE)
    settings = Settings(
        account=google.read_account(options, engine=ENGINE, environment=environment),
        models=google.read_models(options, MODEL, engine=ENGINE),
        prices=google.read_prices(options, PRICES, engine=ENGINE),
        enterprise=_enterprise(options),
        making=_making(options),
    )
    if settings.account.project and not settings.enterprise:
        raise wrong(options, "enterprise", "a project belongs to Google's cloud: leave it out", engine=ENGINE)
    return settings


def available(options: Options) -> Availability:
    """What is missing, and what to do about it; nothing is sent."""
    return google.available(read, options, engine=ENGINE)


def labels(options: Options) -> dict[str, str]:
    """Which model plays, for the answers of runs."""
    return google.labels(options, MODEL)


def treats(contract: Contract, options: Options) -> tuple[Treatment, ...]:
    """A row for each input of a contract. Raises `ConfigurationError`."""
    model = google.model_for(google.read_models(options, MODEL, engine=ENGINE), contract.address)
    return treatments(contract, treated(contract.address, _making(options).limits(model)))


def _enterprise(options: Options) -> bool:
    given = options.get("enterprise", "project" in options)
    if not isinstance(given, bool):
        raise wrong(options, "enterprise", "must be true or false", engine=ENGINE)
    return given


def _making(options: Options) -> Making:
    shortest = _seconds(options, "shortest_seconds", SHORTEST, least=1)
    given = "longest_seconds" in options
    return Making(
        shortest=shortest,
        longest=_seconds(options, "longest_seconds", shortest, least=shortest) if given else None,
        resolutions=_resolutions(options),
        delivery=_delivery(options),
    )


def _seconds(options: Options, key: str, default: int, *, least: int) -> int:
    return round(number(options, key, default, engine=ENGINE, least=least, most=60))


def _delivery(options: Options) -> Delivery:
    # Google's cloud gives an address in its own storage only, which the operator would have to provide.
    match text(options, "delivery", "inline" if _enterprise(options) else "uri", engine=ENGINE):
        case "inline":
            return "inline"
        case "uri":
            return "uri"
        case _:
            raise wrong(options, "delivery", 'must be "inline" or "uri"', engine=ENGINE)


def _resolutions(options: Options) -> tuple[str, ...]:
    given = options.get("resolutions", RESOLUTIONS)
    if not isinstance(given, list | tuple) or not given or not set(given) <= set(RESOLUTIONS):
        raise wrong(options, "resolutions", f"must be a list out of {', '.join(RESOLUTIONS)}", engine=ENGINE)
    return tuple(given)
