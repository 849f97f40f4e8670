"""What the operator sets for a server behind this one: the table `[engine.wiro]`."""

import os
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final, Literal

import msgspec

from understudy.engines import options as read
from understudy.engines.addresses import canonical
from understudy.engines.engine import Availability, Contract, Treatment
from understudy.engines.mappings.wiro import treats as treatments
from understudy.errors import ConfigurationError

ENGINE: Final = "wiro"

Profile = Literal["understudy", "hosted"]

_OURS: Final = frozenset(
    {
        "base_url",
        "api_key",
        "api_key_env",
        "api_secret",
        "api_secret_env",
        "profile",
        "model",
        "prices",
        "timeout_seconds",
    }
)

_ADDRESS: Final = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)
_PRICED: Final = re.compile(r"\d{3,4}p|second|clip")


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """One server, and who we are there."""

    base_url: str
    """Without a slash at its end, and without the protocol's `/v1`."""
    api_key: str
    api_secret: str
    """Empty: the project there is key-only, and nothing is signed."""
    profile: Profile
    """`understudy`: an Idempotency-Key never buys twice there. `hosted`: that is not promised."""
    timeout: float
    """Seconds that one request may take."""
    prices: Mapping[str, Decimal] = {}
    """What the operator expects to be charged, see `mappings.wiro.estimate`."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """What nobody else may read."""
        return self.api_key, self.api_secret

    def __repr__(self) -> str:
        """Without the secrets."""
        return f"Server(base_url={self.base_url!r}, ...)"

    def __rich_repr__(self) -> list[tuple[str, object]]:
        """Without the secrets, too: for what prints records in colours."""
        return [("base_url", self.base_url)]


def read_server(options: Mapping[str, object], environment: Mapping[str, str] = os.environ) -> Server:
    """The server that the options describe. Raises `ConfigurationError`, without secrets."""
    read.must_be_known(options, _OURS, engine=ENGINE)
    api_key = read.secret(options, "api_key", environment, engine=ENGINE)
    if not api_key:
        raise read.wrong(options, "api_key", "is missing, and so is api_key_env", engine=ENGINE)
    remote_model(options, "")
    return Server(
        base_url=read.address(options, "base_url", engine=ENGINE).removesuffix("/v1"),
        api_key=api_key,
        api_secret=read.secret(options, "api_secret", environment, engine=ENGINE),
        profile=_profile(options),
        timeout=read.number(options, "timeout_seconds", 60, engine=ENGINE, least=1, most=3600),
        prices=read.prices(options, _PRICED, engine=ENGINE),
    )


def remote_model(options: Mapping[str, object], contract: str) -> str:
    """The address of the model that plays a contract there: the option `model`, else the contract's own address.

    Raises `ConfigurationError`.
    """
    named = read.by_contract(options, "model", engine=ENGINE)
    if not all(_ADDRESS.fullmatch(there) for there in named.values()):
        told = "must be owner/slug, or a table from models here to owner/slug there"
        raise read.wrong(options, "model", told, engine=ENGINE)
    return named.get(canonical(contract)) or named.get("", contract)


def treats(contract: Contract, options: Mapping[str, object]) -> tuple[Treatment, ...]:
    """What becomes of each input of a contract. Raises `ConfigurationError`."""
    return treatments(contract, remote_model(options, contract.address))


def availability(options: Mapping[str, object]) -> Availability:
    """Whether everything is set; nobody is asked."""
    try:
        read_server(options)
    except ConfigurationError as error:
        return Availability(
            ok=False,
            reason=error.message,
            remedy=f"Set base_url, api_key and, if requests are signed there, api_secret in [engine.{options.get('name', ENGINE)}].",
        )
    return Availability(ok=True)


def _profile(options: Mapping[str, object]) -> Profile:
    # The one that never sends a request twice is the default: a wrong guess must not cost money.
    match read.text(options, "profile", "hosted", engine=ENGINE):
        case "understudy":
            return "understudy"
        case "hosted":
            return "hosted"
        case _:
            raise read.wrong(options, "profile", 'must be "understudy" or "hosted"', engine=ENGINE)
