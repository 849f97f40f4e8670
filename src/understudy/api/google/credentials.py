"""Where clients of this dialect put their key."""

from collections.abc import Mapping
from urllib.parse import parse_qs

from understudy.errors import NotAuthorized

_MISSING = (
    "The request has no API key. Send it as x-goog-api-key or as Authorization: Bearer; KEY:SECRET for a project that"
    " signs its requests, KEY for one that does not."
)


def token(headers: Mapping[bytes, bytes], query: bytes) -> str:
    """The key of a request: of `x-goog-api-key`, else the bearer token, else `key` of the query.

    Raises `NotAuthorized` if there is none.
    """
    if given := headers.get(b"x-goog-api-key", b"").strip():
        return given.decode("latin-1")
    scheme, _, bearer = headers.get(b"authorization", b"").strip().partition(b" ")
    if scheme.lower() == b"bearer" and bearer.strip():
        return bearer.strip().decode("latin-1")
    if keys := parse_qs(query.decode("latin-1")).get("key"):
        return keys[0]
    raise NotAuthorized(_MISSING)
