"""The header `Idempotency-Key`: a request that is sent again with it gets the task that it made the first time."""

import re
from collections.abc import Mapping

from understudy.errors import InvalidInput

_KEY = re.compile(r"[\x21-\x7e]{1,255}")


def idempotency_key(headers: Mapping[bytes, bytes]) -> str:
    """The key of a request; "" for none. Raises `InvalidInput` for anything but 1 to 255 visible ASCII characters."""
    given = headers.get(b"idempotency-key")
    if given is None:
        return ""
    key = given.decode("latin-1")
    if not _KEY.fullmatch(key):
        raise InvalidInput(
            "Request parameters are invalid.", "Idempotency-Key takes 1 to 255 visible ASCII characters."
        )
    return key
