"""Who asks: the headers of a request."""

import hashlib
import hmac


def signed_headers(api_key: str, api_secret: str, now: float) -> dict[str, str]:
    """`x-api-key`; with a secret also `x-nonce` (`now`, Unix seconds, as milliseconds) and `x-signature`.

    The signature is HMAC-SHA256 in hex with the API key as the key and secret + nonce as the message.
    """
    headers = {"x-api-key": api_key}
    if api_secret:
        nonce = str(int(now * 1000))
        signature = hmac.new(api_key.encode(), (api_secret + nonce).encode(), hashlib.sha256)
        headers |= {"x-nonce": nonce, "x-signature": signature.hexdigest()}
    return headers
