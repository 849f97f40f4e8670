"""What went wrong with a bucket, in words that tell what to do. The store's own words hold hosts, paths and keys' names;
they stay with the cause."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from understudy.errors import ConfigurationError, StorageFailed

_CODE = re.compile(r"<Code>([A-Za-z.]{1,60})</Code>")
_STATUS = re.compile(r"status code: (\d{3})")

_NO_BUCKET: Final = ("NoSuchBucket", "ContainerNotFound", "The specified bucket does not exist")
_ELSEWHERE: Final = ("PermanentRedirect", "AuthorizationHeaderMalformed", "status code: 301", "bare redirect")
_NO_CREDENTIALS: Final = (
    "169.254.169.254",
    "metadata.google.internal",
    "token request",
)

_BROKEN_OFF: Final = ("kind: Interrupted", "request or response body error", "error decoding response body")

_WORDS: Final = (
    (_NO_BUCKET, "there is no such bucket: make it, or correct the setting"),
    (("BadScheme",), "its endpoint is plain HTTP, which has to be allowed: set AWS_ALLOW_HTTP=true"),
    (
        ("RequestTimeTooSkewed",),
        "this machine's clock differs from the storage's by more than it allows: set the clock",
    ),
    (("InvalidAccessKeyId",), "it does not know the access key: correct the credentials"),
    (("SignatureDoesNotMatch",), "the secret does not belong to the access key: correct the credentials"),
    (("ExpiredToken", "TokenRefreshRequired"), "the credentials have expired: renew them"),
    (_ELSEWHERE, "the bucket is in another region: set AWS_REGION to it"),
)
"""What an error's text has in it, and what to do. The first that fits counts."""


def is_without_bucket(error: Exception) -> bool:
    """Whether it is the whole bucket that does not exist, as far as that is told."""
    return any(each in str(error) for each in _NO_BUCKET)


def is_past_the_end(error: Exception) -> bool:
    """Whether a range was asked for that has no byte of the file in it."""
    return "status code: 416" in str(error) or "StartTooLarge" in str(error)


def is_broken_off(error: Exception) -> bool:
    """Whether a connection broke before the whole answer was there: what was asked for may have been done."""
    return any(each in str(error) for each in _BROKEN_OFF)


def misconfigured(error: Exception) -> str | None:
    """What the operator has to set up differently; None if the storage may come back by itself."""
    from obstore.exceptions import PermissionDeniedError, UnauthenticatedError

    text = str(error)
    for said, todo in _WORDS:
        if any(each in text for each in said):
            return todo
    if isinstance(error, (PermissionDeniedError, UnauthenticatedError)):
        return (
            "the credentials are refused, or do not allow this: they need to read, write, list and delete"
            + _details(text)
        )
    if any(each in text for each in _NO_CREDENTIALS):
        return "no credentials are set, and this machine has none of its own: see docs/storage.md"
    return None


def described(error: Exception) -> str:
    """What went wrong, without anything that only the storage's own words know but its status and code."""
    if todo := misconfigured(error):
        return todo
    text = str(error)
    if "error sending request" in text or is_broken_off(error):
        return "it cannot be reached, or did not answer in time"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__ + _details(text)


@contextmanager
def failing(what: str) -> Iterator[None]:
    """Turn what obstore raises into `StorageFailed`; `what` could not be done."""
    from obstore.exceptions import BaseError

    try:
        yield
    except (BaseError, OSError) as error:
        raise StorageFailed(f"{what}: {described(error)}") from error


@contextmanager
def checking(where: str) -> Iterator[None]:
    """Turn what obstore raises into `ConfigurationError` or `StorageFailed`; `where` names the storage."""
    from obstore.exceptions import BaseError

    try:
        yield
    except FileNotFoundError as error:
        # What was asked for is written first: only a bucket that does not exist is not found.
        raise ConfigurationError(f"{where}: {_WORDS[0][1]}.") from error
    except (BaseError, OSError) as error:
        if todo := misconfigured(error):
            raise ConfigurationError(f"{where}: {todo}.") from error
        raise StorageFailed(f"{where}: {described(error)}") from error


def _details(text: str) -> str:
    said = [*(f"HTTP {each}" for each in _STATUS.findall(text)[:1]), *_CODE.findall(text)[:1]]
    return f" ({', '.join(said)})" if said else ""
