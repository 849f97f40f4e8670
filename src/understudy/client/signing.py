"""The signature of a request."""

import hashlib
import hmac

from understudy.client.credentials import Credentials


def signature(api_key: str, api_secret: str, nonce: str) -> str:
    """Lower-case hex of HMAC-SHA256 with the API key as the key and secret + nonce as the message."""
    return hmac.new(api_key.encode(), (api_secret + nonce).encode(), hashlib.sha256).hexdigest()


def signed_headers(credentials: Credentials, now: float) -> dict[str, str]:
    """The headers that prove who asks. `now` is a Unix time; the nonce is the same in milliseconds."""
    headers = {"x-api-key": credentials.api_key}
    if credentials.auth == "signature":
        nonce = str(int(now * 1000))
        headers["x-nonce"] = nonce
        headers["x-signature"] = signature(credentials.api_key, credentials.api_secret, nonce)
    return headers
