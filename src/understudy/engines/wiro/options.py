"""What the operator sets for a server behind this one: the table `[engine.wiro]`."""

import os
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final, Literal

import msgspec

from understudy.engines import options as read
from understudy.engines.engine import Availability
from understudy.errors import AddressRefused, ConfigurationError
from understudy.files.weburl import parse_url

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
_SERVERS: Final = frozenset({"name", "kind", "at_once", "ends"})
"""Options that are read elsewhere."""

_ADDRESS = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", re.ASCII)
_PRICED = re.compile(r"\d{3,4}p|second|clip")


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

    def __repr__(self) -> str:
        return f"Server(base_url={self.base_url!r}, ...)"


def read_server(options: Mapping[str, object], environment: Mapping[str, str] = os.environ) -> Server:
    """The server that the options describe. Raises `ConfigurationError`, without secrets."""
    for key in options:
        if key not in _OURS | _SERVERS:
            known = ", ".join(sorted(_OURS))
            raise read.wrong(
                options, key, f"there is no such option; the options are: {known}", engine=ENGINE
            )
    api_key = read.secret(options, "api_key", environment, engine=ENGINE)
    if not api_key:
        raise read.wrong(options, "api_key", "is missing, and so is api_key_env", engine=ENGINE)
    remote_model(options, "")
    return Server(
        base_url=_base_url(options),
        api_key=_for_header(options, "api_key", api_key),
        api_secret=read.secret(options, "api_secret", environment, engine=ENGINE),
        profile=_profile(options),
        timeout=read.number(options, "timeout_seconds", 60, engine=ENGINE, least=1, most=3600),
        prices=_prices(options),
    )


def remote_model(options: Mapping[str, object], contract: str) -> str:
    """The address of the model that plays a contract there: the option `model`, else the contract's own address.

    Raises `ConfigurationError`.
    """
    given = options.get("model", {})
    named = given if isinstance(given, Mapping) else {contract: given}
    for address in named.values():
        if not isinstance(address, str) or not _ADDRESS.fullmatch(address):
            raise read.wrong(
                options,
                "model",
                "must be owner/slug, or a table from models here to owner/slug there",
                engine=ENGINE,
            )
    found = {canonical(str(here)): str(there) for here, there in named.items()}
    return found.get(canonical(contract), contract)


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


def canonical(address: str) -> str:
    """Addresses of models are compared in any case, '.' and '-' alike."""
    return address.lower().replace(".", "-")


def _base_url(options: Mapping[str, object]) -> str:
    url = read.text(options, "base_url", engine=ENGINE)
    try:
        parts = parse_url(url)
    except AddressRefused as error:
        raise read.wrong(options, "base_url", error.message, engine=ENGINE) from error
    if "?" in parts.target or "#" in url:
        raise read.wrong(options, "base_url", "must not have a query or a fragment", engine=ENGINE)
    return url.rstrip("/").removesuffix("/v1")


def _profile(options: Mapping[str, object]) -> Profile:
    # The one that never sends a request twice is the default: a wrong guess must not cost money.
    match read.text(options, "profile", "hosted", engine=ENGINE):
        case "understudy":
            return "understudy"
        case "hosted":
            return "hosted"
        case _:
            raise read.wrong(options, "profile", 'must be "understudy" or "hosted"', engine=ENGINE)


def _prices(options: Mapping[str, object]) -> Mapping[str, Decimal]:
    told = (
        'must be a table of US dollars, such as {"720p" = 0.30, "1080p" = 0.70} per second, {second = 0.10} for all'
        " sizes, {clip = 0.50} for each clip"
    )
    prices = {}
    for key, value in read.table(options, "prices", engine=ENGINE).items():
        number = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < float("inf")
        if not number or not _PRICED.fullmatch(key):
            raise read.wrong(options, "prices", told, engine=ENGINE)
        prices[key] = Decimal(str(value))
    return prices


def _for_header(options: Mapping[str, object], key: str, value: str) -> str:
    if not value.isascii() or not value.isprintable():
        raise read.wrong(options, key, "must be of printable ASCII characters", engine=ENGINE)
    return value
