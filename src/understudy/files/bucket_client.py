"""The connection to a bucket: its address, its patience, and what the environment says about it."""

import atexit
import os
import re
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import SplitResult, urlsplit

import msgspec

from understudy.errors import ConfigurationError

if TYPE_CHECKING:
    from obstore.store import ObjectStore

_ENVIRONMENT: Final = {"s3": "AWS", "gs": "GOOGLE", "az": "AZURE", "memory": ""}
"""By scheme: how the names of the environment variables begin that obstore reads."""

# obstore reads them itself, but forgets them once it is given any option of the client.
_CLIENT_VARIABLES: Final = ("ALLOW_HTTP", "PROXY_URL", "PROXY_EXCLUDES", "ROOT_CERTIFICATE")

_ENDPOINTS: Final = ("ENDPOINT", "ENDPOINT_URL", "ENDPOINT_URL_S3", "STORAGE_ENDPOINT", "BASE_URL")
_ENDPOINT = re.compile(r"https?://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?(/[A-Za-z0-9._~/-]*)?")

_BUCKET = re.compile(r"[A-Za-z0-9$][A-Za-z0-9._-]*")
_FOLDER = re.compile(r"(/[A-Za-z0-9_=@+-][A-Za-z0-9._=@+-]*)*/?")

_NOT_UNDERSTOOD = (
    (
        "Account must be specified",
        "set AZURE_STORAGE_ACCOUNT_NAME to the account that the container belongs to",
    ),
    ("Invalid Access Key", "AZURE_STORAGE_ACCOUNT_KEY is not a key of Azure's: it must be Base64"),
    ("Missing SecretAccessKey", "AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not"),
    ("Missing AccessKeyId", "AWS_SECRET_ACCESS_KEY is set, but AWS_ACCESS_KEY_ID is not"),
    (
        "GCP credential",
        "the file that GOOGLE_APPLICATION_CREDENTIALS or GOOGLE_SERVICE_ACCOUNT names is no readable key",
    ),
)
"""What obstore says about wrong settings, and what to do. Its own words may hold the settings."""


class Patience(msgspec.Struct, frozen=True, kw_only=True):
    """How long to wait for a bucket. In seconds."""

    connect: float = 5.0
    """For a connection."""
    silence: float = 15.0
    """For the first byte of an answer, sending what was asked included, and then for each next one."""
    upload: float = 120.0
    """The same, for uploads in parts: the line may be slow, and some servers copy the parts together at the end."""
    retry: float = 20.0
    """From the first attempt of one request: after that it is not tried again."""


class Clients(msgspec.Struct, frozen=True):
    """Two connections to the same bucket."""

    quick: "ObjectStore"
    uploads: "ObjectStore"
    """For uploads in parts."""


def open_clients(address: str, patience: Patience) -> Clients:
    """The connections to the bucket at `address`; nothing is asked yet. Raises `ConfigurationError`."""
    url = _checked(address)
    try:
        from obstore.exceptions import BaseError
        from obstore.store import MemoryStore, from_url
    except ImportError as error:
        raise ConfigurationError(
            f"storage: {url.scheme}:// needs the extra: pip install 'understudy[storage]'."
        ) from error
    atexit.unregister(_pause)
    atexit.register(_pause)
    if url.scheme == "memory":
        memory = MemoryStore()
        return Clients(memory, memory)
    _check_endpoints(_ENVIRONMENT[url.scheme], os.environ)
    make: Any = from_url  # its overloads want a literal scheme
    backoff = {"init_backoff": timedelta(seconds=0.1), "max_backoff": timedelta(seconds=2), "base": 2}
    retry = {"max_retries": 1000, "retry_timeout": timedelta(seconds=patience.retry), "backoff": backoff}
    given = _given(_ENVIRONMENT[url.scheme], os.environ)
    try:
        quick, uploads = (
            make(
                url.geturl(),
                client_options={
                    "connect_timeout": timedelta(seconds=patience.connect),
                    "read_timeout": timedelta(seconds=silence),
                    # Of a whole download, however slow the one who asked for it is.
                    "timeout": timedelta(days=1),
                    "user_agent": "understudy",
                    **given,
                },
                retry_config=retry,
            )
            for silence in (patience.silence, patience.upload)
        )
    except (BaseError, ValueError) as error:
        reason = next(
            (todo for said, todo in _NOT_UNDERSTOOD if said in str(error)),
            f"the environment variables {_ENVIRONMENT[url.scheme]}_... are not understood; see docs/storage.md",
        )
        raise ConfigurationError(f"storage: {url.scheme}://{url.netloc}: {reason}.") from error
    return Clients(quick, uploads)


def _pause() -> None:
    """Before the interpreter ends: obstore's threads come back to it for a moment after they have handed an answer over.

    One that finds it ending aborts the process: CPython before 3.14 ends such a thread by unwinding it, which Rust forbids.
    """
    time.sleep(0.05)


def _checked(address: str) -> SplitResult:
    """The address in its parts. What is refused is not repeated: it may hold a password."""
    try:
        url = urlsplit(address)
    except ValueError as error:
        raise ConfigurationError("storage: this is no address of a bucket.") from error
    if url.scheme not in _ENVIRONMENT:
        raise ConfigurationError(
            f"storage: {url.scheme}:// is not known; give a folder, or file:///FOLDER, s3://BUCKET/FOLDER,"
            " gs://BUCKET/FOLDER or az://CONTAINER/FOLDER."
        )
    if "@" in url.netloc or url.query or url.fragment or ":" in url.netloc:
        raise ConfigurationError(
            f"storage: {url.scheme}:// is followed by a bucket and a folder alone; credentials, ports and options"
            " come from environment variables, see docs/storage.md."
        )
    if not _BUCKET.fullmatch(url.netloc) and url.scheme != "memory":
        raise ConfigurationError(
            f"storage: {url.scheme}:// must be followed by the name of a bucket, as in {url.scheme}://BUCKET/FOLDER."
        )
    if not _FOLDER.fullmatch(url.path):
        raise ConfigurationError(
            "storage: a folder in a bucket has letters, digits and ._=@+- in its name, and does not begin with a dot."
        )
    return url


def _check_endpoints(prefix: str, environment: Mapping[str, str]) -> None:
    """obstore would find out with the first request, and not say so in words."""
    for name in (f"{prefix}_{each}" for each in _ENDPOINTS):
        if (value := environment.get(name)) and not _ENDPOINT.fullmatch(value):
            raise ConfigurationError(
                f"storage: the environment variable {name} must be an address such as https://s3.example.com:9000,"
                " without a user name."
            )


def _given(prefix: str, environment: Mapping[str, str]) -> dict[str, str]:
    found = {name.lower(): environment.get(f"{prefix}_{name}", "") for name in _CLIENT_VARIABLES}
    return {name: value for name, value in found.items() if value}
