"""What an operator may set, as the table [engine.openai_videos] or one of another name and of this kind. No network."""

import os
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final, get_args
from urllib.parse import urlsplit

import msgspec

from understudy.engines import options as reading
from understudy.engines.mappings.openai_videos import Rules, parse_size
from understudy.engines.openai_videos.profiles import PROFILES, Profile
from understudy.engines.wish import Field
from understudy.errors import ConfigurationError

KIND: Final = "openai_videos"
_OURS: Final = frozenset(
    {
        "profile",
        "base_url",
        "api_key",
        "api_key_env",
        "model",
        "sizes",
        "seconds",
        "prices",
        "fields",
        "charges_failed",
        "timeout_seconds",
    }
)
_SERVERS: Final = frozenset({"name", "kind", "at_once", "ends"})
"""Options that are read elsewhere."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """The options, checked."""

    name: str
    """The engine's, as the operator calls it."""
    profile_name: str
    profile: Profile
    base_url: str = ""
    """Without a slash at the end."""
    api_key: str = ""
    models: Mapping[str, str] = {}
    """The server's names by contract; "" for all others."""
    given: Mapping[str, object] = {}
    """Rules that the operator set, in place of the profile's."""
    timeout: float = 60.0
    charges_failed: bool | None = None

    def __repr__(self) -> str:
        """Without the key."""
        return f"Options({self.name!r}, {self.profile_name!r})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Without the key, too: for what prints records in colours."""
        return [("name", self.name), ("profile_name", self.profile_name)]

    def model(self, contract: str) -> str:
        """The server's name of the model for a contract: what is set, or the contract's own if the profile knows it.

        "" if there is none.
        """
        slug = contract.partition("/")[2]
        own = slug if slug in self.profile.models else ""
        return self.models.get(contract) or self.models.get("") or own

    def rules(self, model: str) -> Rules:
        """What the server takes for one of its models."""
        # Snapshots are called after their model: sora-2-pro-2025-10-06.
        plain = re.sub(r"-\d{4}-\d\d-\d\d$", "", model)
        own = self.profile.models.get(model) or self.profile.models.get(plain) or self.profile.rules
        return msgspec.structs.replace(own, **self.given)


def read_options(options: Mapping[str, object], environment: Mapping[str, str] = os.environ) -> Options:
    """The options out of what the operator set. What is missing is no error here, see `missing`.

    Raises `ConfigurationError` that names the key.
    """
    for key in options:
        if key not in _OURS | _SERVERS:
            raise reading.wrong(
                options, key, f"no such option; there are {', '.join(sorted(_OURS))}", engine=KIND
            )
    profile = reading.text(options, "profile", "openai", engine=KIND)
    if profile not in PROFILES:
        raise reading.wrong(options, "profile", f"must be one of {', '.join(PROFILES)}", engine=KIND)
    return Options(
        name=reading.text(options, "name", KIND, engine=KIND),
        profile_name=profile,
        profile=PROFILES[profile],
        base_url=_base_url(options),
        api_key=reading.secret(options, "api_key", environment, engine=KIND),
        models=_models(options),
        given=_rules(options),
        timeout=reading.number(options, "timeout_seconds", 60, engine=KIND, least=1, most=3600),
        charges_failed=_charges(options, PROFILES[profile]),
    )


def missing(options: Options) -> tuple[str, ...]:
    """The options without which it cannot play, each with what to set."""
    lacks = []
    if not options.base_url:
        lacks.append(f"engine.{options.name}.base_url (such as https://videos.example.com/v1)")
    if options.profile.needs_key and not options.api_key:
        lacks.append(f"engine.{options.name}.api_key or api_key_env")
    if options.profile.needs_model and not options.profile.models and not any(options.models.values()):
        lacks.append(f"engine.{options.name}.model (the server's name of the model)")
    return tuple(lacks)


def _base_url(options: Mapping[str, object]) -> str:
    address = reading.text(options, "base_url", "", engine=KIND).rstrip("/")
    try:
        parts = urlsplit(address)
        plain = not (parts.username or parts.password or parts.query or parts.fragment)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and plain and (parts.port or 1) > 0
    except ValueError:
        good = False
    if address and not good:
        raise reading.wrong(
            options,
            "base_url",
            "must be an address such as https://videos.example.com/v1, without a key in it",
            engine=KIND,
        )
    return address


def _models(options: Mapping[str, object]) -> Mapping[str, str]:
    value = options.get("model", "")
    if isinstance(value, str):
        return {"": value.strip()}
    named = reading.table(options, "model", engine=KIND)
    if not all(isinstance(name, str) and name.strip() for name in named.values()):
        raise reading.wrong(
            options,
            "model",
            'must be text, or a table such as {"openai/sora-2-pro" = "sora-2-pro"}',
            engine=KIND,
        )
    return {contract: name.strip() for contract, name in named.items()}


def _rules(options: Mapping[str, object]) -> Mapping[str, object]:
    given: dict[str, object] = {}
    if "sizes" in options:
        given["sizes"] = _sizes(options)
    if "seconds" in options:
        given["seconds"] = _lengths(options)
    if "prices" in options:
        given["prices"] = _prices(options)
    if "fields" in options:
        given["fields"] = _fields(options)
    return given


def _sizes(options: Mapping[str, object]) -> Mapping[str, str]:
    sizes = reading.table(options, "sizes", engine=KIND)
    try:
        if not sizes:
            raise ValueError("none")
        for tier, size in sizes.items():
            if not re.fullmatch(r"\d{3,4}p|[48]k", tier):
                raise ValueError("no tier")
            parse_size(size)
    except (TypeError, ValueError) as error:
        raise reading.wrong(
            options,
            "sizes",
            'must be a table of sizes by tier, such as {"1080p" = "1792x1024"}',
            engine=KIND,
        ) from error
    return dict(sizes)


def _lengths(options: Mapping[str, object]) -> tuple[int, ...]:
    value = options["seconds"]
    if not isinstance(value, list | tuple) or not all(
        isinstance(each, int) and not isinstance(each, bool) and 1 <= each <= 600 for each in value
    ):
        raise reading.wrong(
            options, "seconds", "must be a list of whole numbers, such as [4, 8, 12]; [] for all", engine=KIND
        )
    return tuple(sorted(value))


def _prices(options: Mapping[str, object]) -> Mapping[str, Decimal]:
    told = (
        'must be a table of US dollars, such as {"720p" = 0.30, "1080p" = 0.70} per second, {second = 0.10} for all'
        " sizes, {clip = 0.50} for each clip"
    )
    prices = {}
    for key, value in reading.table(options, "prices", engine=KIND).items():
        if not re.fullmatch(r"\d{3,4}p|\d+x\d+|second|clip", key):
            raise reading.wrong(options, "prices", told, engine=KIND)
        try:
            prices[key] = Decimal(str(value))
        except InvalidOperation as error:
            raise reading.wrong(options, "prices", told, engine=KIND) from error
        if isinstance(value, bool) or not prices[key].is_finite() or prices[key] < 0:
            raise reading.wrong(options, "prices", told, engine=KIND)
    return prices


def _fields(options: Mapping[str, object]) -> Mapping[str, str]:
    known = [name for name in get_args(Field) if name not in ("prompt", "picture", "seconds", "tier")]
    fields = reading.table(options, "fields", engine=KIND)
    for field, name in fields.items():
        if (
            field not in known
            or not isinstance(name, str)
            or not re.fullmatch(r"[A-Za-z_][\w.\[\]]{0,63}", name)
        ):
            raise reading.wrong(
                options,
                "fields",
                f'must be a table of form fields, such as {{seed = "seed"}}, by {", ".join(known)}',
                engine=KIND,
            )
    return dict(fields)


def _charges(options: Mapping[str, object], profile: Profile) -> bool | None:
    value = options.get("charges_failed", profile.charges_failed)
    if value is None or isinstance(value, bool):
        return value
    raise reading.wrong(options, "charges_failed", "must be true or false", engine=KIND)


def complete(options: Mapping[str, object]) -> Options:
    """The options, with everything that playing needs. Raises `ConfigurationError`."""
    read = read_options(options)
    lacks = missing(read)
    if lacks:
        raise ConfigurationError(f"Set {'; '.join(lacks)}.")
    return read
