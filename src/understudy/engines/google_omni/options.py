"""What an operator may set for the engine, as the table [engine.google_omni]. No SDK."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

import msgspec

from understudy.engines import google_account as google
from understudy.engines.engine import Availability, Contract, Treatment
from understudy.engines.google_account import Account, Price, Prices
from understudy.engines.mappings.google_omni import RESOLUTIONS, Limits, treated
from understudy.engines.mappings.treatments import treatments
from understudy.engines.options import Options, number, text, wrong
from understudy.errors import ConfigurationError

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


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The options, checked."""

    account: Account
    enterprise: bool
    """Google's cloud; otherwise the Gemini Developer API."""
    prices: Prices
    given: Mapping[str, object]
    """The options as they were set, but for the key."""

    def model(self, contract: str) -> str:
        """Google's model for a contract."""
        return google.read_model(self.given, contract, MODEL, engine=ENGINE)

    def limits(self, contract: str) -> Limits:
        """What that model makes."""
        return _limits(self.given, self.model(contract), self.enterprise)


def read(options: Options, environment: Mapping[str, str] | None = None) -> Settings:
    """The engine's options. Raises `ConfigurationError` that names the key."""
    google.must_be_known(options, OWN, engine=ENGINE)
    settings = Settings(
        account=google.read_account(options, engine=ENGINE, environment=environment),
        enterprise=_enterprise(options),
        prices=google.read_prices(options, PRICES, engine=ENGINE),
        given=google.without_key(options),
    )
    if settings.account.project and not settings.enterprise:
        raise wrong(options, "enterprise", "a project belongs to Google's cloud: leave it out", engine=ENGINE)
    settings.limits("")
    return settings


def available(options: Options) -> Availability:
    """What is missing, and what to do about it; nothing is sent."""
    name = str(options.get("name", ENGINE))
    try:
        return google.availability(read(options).account, engine=name)
    except ConfigurationError as error:
        return Availability(ok=False, reason=str(error), remedy=f"Correct the settings of [engine.{name}].")


def labels(options: Options) -> dict[str, str]:
    """Which model plays, for the answers of runs; nothing if it differs by contract."""
    model = options.get("model", MODEL)
    return {"partner_model": model} if isinstance(model, str) else {}


def treats(contract: Contract, options: Options) -> tuple[Treatment, ...]:
    """A row for each input of a contract. Raises `ConfigurationError`."""
    model = google.read_model(options, contract.address, MODEL, engine=ENGINE)
    limits = _limits(options, model, _enterprise(options))
    return treatments(contract, treated(contract.address, limits))


def _enterprise(options: Options) -> bool:
    given = options.get("enterprise", "project" in options)
    if not isinstance(given, bool):
        raise wrong(options, "enterprise", "must be true or false", engine=ENGINE)
    return given


def _limits(options: Options, model: str, enterprise: bool) -> Limits:
    usual = LONGEST.get(model, LONGEST_OTHERWISE)
    shortest = round(number(options, "shortest_seconds", SHORTEST, engine=ENGINE, least=1, most=60))
    longest = round(number(options, "longest_seconds", usual, engine=ENGINE, least=shortest, most=60))
    return Limits(
        shortest=shortest,
        longest=longest,
        resolutions=_resolutions(options),
        delivery=_delivery(options, enterprise),
    )


def _delivery(options: Options, enterprise: bool) -> str:
    # Google's cloud gives an address in its own storage only, which the operator would have to provide.
    delivery = text(options, "delivery", "inline" if enterprise else "uri", engine=ENGINE)
    if delivery not in ("inline", "uri"):
        raise wrong(options, "delivery", 'must be "inline" or "uri"', engine=ENGINE)
    return delivery


def _resolutions(options: Options) -> tuple[str, ...]:
    given = options.get("resolutions", RESOLUTIONS)
    if not isinstance(given, list | tuple) or not given or not set(given) <= set(RESOLUTIONS):
        raise wrong(options, "resolutions", f"must be a list out of {', '.join(RESOLUTIONS)}", engine=ENGINE)
    return tuple(given)
