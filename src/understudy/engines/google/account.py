"""What an operator sets to reach Google's services: address, key or service account, model, prices. Nothing heavy."""

import os
from collections.abc import Callable, Mapping
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import msgspec

from understudy.engines.addresses import canonical
from understudy.engines.engine import Availability
from understudy.engines.options import (
    Options,
    address,
    by_contract,
    dollars,
    number,
    secret,
    table,
    text,
    wrong,
)
from understudy.errors import ConfigurationError

SHARED: Final = frozenset(
    {
        "base_url",
        "api_key",
        "api_key_env",
        "project",
        "location",
        "credentials_file",
        "model",
        "prices",
        "timeout_seconds",
    }
)


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """Where the service is, and who asks."""

    base_url: str = ""
    """Empty: Google's own."""
    key: str = ""
    project: str = ""
    location: str = ""
    credentials_file: str = ""
    """A service account's; empty with a project but no key: the machine's default credentials."""
    timeout: float = 60.0
    """Seconds without a byte after which a request is given up."""

    def __repr__(self) -> str:
        """Without the key."""
        return f"Account({self.base_url!r}, project={self.project!r})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Without the key, too: for what prints records in colours."""
        return [("base_url", self.base_url), ("project", self.project)]

    @property
    def missing(self) -> str:
        """What has to be set before anything can be sent, by the names of the options; empty if nothing."""
        return "" if self.key or self.project else "api_key, or project and location"


class Price(msgspec.Struct, frozen=True):
    """US dollars for one second of clip; None if nobody has said."""

    sound: Decimal | None
    silent: Decimal | None = None


Prices = Mapping[str, Mapping[str, Price]]
"""By the partner's model and the resolution."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What the operator sets for either engine, checked."""

    account: Account
    models: Mapping[str, str]
    """See `read_models`."""
    prices: Prices

    def model(self, contract: str) -> str:
        """Google's model for a contract."""
        return model_for(self.models, contract)


def read_account(options: Options, *, engine: str, environment: Mapping[str, str] | None = None) -> Account:
    """The account out of an engine's options; the file of credentials is not read yet. Raises `ConfigurationError`."""
    account = Account(
        base_url=address(options, "base_url", "", engine=engine),
        key=secret(options, "api_key", os.environ if environment is None else environment, engine=engine),
        project=text(options, "project", "", engine=engine),
        location=text(options, "location", "", engine=engine),
        credentials_file=text(options, "credentials_file", "", engine=engine),
        timeout=number(options, "timeout_seconds", 60, engine=engine, least=0.1, most=3600),
    )
    if account.project and not account.location:
        raise wrong(options, "location", "a project needs one, such as us-central1", engine=engine)
    if account.location and not account.project:
        raise wrong(options, "project", "a location needs one", engine=engine)
    if account.credentials_file and account.key:
        raise wrong(options, "credentials_file", "set either it or api_key", engine=engine)
    if account.credentials_file and not account.project:
        raise wrong(options, "project", "a service account needs one", engine=engine)
    return account


def read_models(options: Options, default: str, *, engine: str) -> Mapping[str, str]:
    """Google's names of models by the canonical addresses of contracts, "" for all others; `default` unless that is set.

    Raises `ConfigurationError`.
    """
    named = by_contract(options, "model", engine=engine)
    if any("/" in name for name in named.values()):
        raise wrong(options, "model", "must be the partner's own name, without a slash", engine=engine)
    return {"": default, **named}


def model_for(models: Mapping[str, str], contract: str) -> str:
    """The model for a contract among those of `read_models`."""
    return models.get(canonical(contract)) or models[""]


def labels(options: Options, default: str) -> dict[str, str]:
    """Which model plays, for the answers of runs; nothing if it differs by contract."""
    model = options.get("model", default)
    return {"partner_model": model} if isinstance(model, str) else {}


def read_prices(options: Options, usual: Prices, *, engine: str) -> Prices:
    """The usual prices with the operator's laid over them, resolution by resolution.

    The option is a table by model of tables by resolution: a number, or `{ sound = 0.40, silent = 0.20 }`.
    Raises `ConfigurationError`.
    """
    prices = {model: dict(each) for model, each in usual.items()}
    for model, given in table(options, "prices", engine=engine).items():
        if not isinstance(given, Mapping):
            raise wrong(options, "prices", f"{model} must be a table by resolution", engine=engine)
        for resolution, price in given.items():
            prices.setdefault(model, {})[resolution] = _price(options, f"{model}.{resolution}", price, engine)
    return prices


def cost(prices: Prices, model: str, resolution: str, seconds: int, *, sound: bool) -> Decimal | None:
    """US dollars for one clip; None if the prices do not say."""
    price = prices.get(model, {}).get(resolution)
    each = None if price is None else price.sound if sound else price.silent
    return None if each is None else each * seconds


def available(read: Callable[[Options], Settings], options: Options, *, engine: str) -> Availability:
    """Whether anything can be sent: the SDK is installed, and there is somebody to send it as. Nothing is sent."""
    table = f"[engine.{options.get('name', engine)}]"
    try:
        account = read(options).account
    except ConfigurationError as error:
        return Availability(ok=False, reason=str(error), remedy=f"Correct the settings of {table}.")
    if not _installed():
        return Availability(
            ok=False,
            reason="Google's SDK (google-genai) is not installed.",
            remedy="Run: pip install 'understudy[partners]'",
        )
    if account.missing:
        return Availability(
            ok=False, reason="It has no key and no project.", remedy=f"Set {account.missing} in {table}."
        )
    if account.credentials_file and not Path(account.credentials_file).expanduser().is_file():
        return Availability(
            ok=False,
            reason="The file of its service account is not there.",
            remedy=f"Correct credentials_file in {table}.",
        )
    return Availability(ok=True)


def _installed() -> bool:
    try:
        return find_spec("google.genai") is not None
    except ModuleNotFoundError:
        return False


def _price(options: Options, name: str, given: Any, engine: str) -> Price:
    if isinstance(given, Mapping) and set(given) <= {"sound", "silent"}:
        both = [_amount(options, name, given.get(key), engine) for key in ("sound", "silent")]
        return Price(*both)
    amount = _amount(options, name, given, engine)
    return Price(amount, amount)


def _amount(options: Options, name: str, given: Any, engine: str) -> Decimal | None:
    if given is None:
        return None
    amount = dollars(given)
    if amount is None:
        reason = f"{name} must be US dollars a second, or {{ sound = ..., silent = ... }}"
        raise wrong(options, "prices", reason, engine=engine)
    return amount
