"""Signature Version 4 in the query of an address: adds to an address that was signed already, and signs it again. Pure.

obstore signs addresses, but cannot ask for the headers that S3 answers with; those are part of what is signed. The
protocol: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
"""

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit


def signed_with(url: str, secret: str, parameters: Mapping[str, str]) -> str:
    """`url`, a signed address for GET, with further `parameters` in its query.

    Returned as it is if the key that `secret` belongs to did not sign it: then the parameters would be refused.
    """
    signed, _, signature = url.rpartition("&X-Amz-Signature=")
    if not signed or not hmac.compare_digest(_signature(signed, secret), signature):
        return url
    parts = urlsplit(signed)
    query = sorted([*parse_qsl(parts.query, keep_blank_values=True), *parameters.items()])
    more = urlunsplit(parts._replace(query=urlencode(query, quote_via=quote, safe="-_.~")))
    return f"{more}&X-Amz-Signature={_signature(more, secret)}"


def _signature(url: str, secret: str) -> str:
    """What proves `url`, a whole address but for its signature, with its query encoded as RFC 3986 says."""
    parts = urlsplit(url)
    query = sorted(parse_qsl(parts.query, keep_blank_values=True))
    said = dict(query)
    request = "\n".join(
        (
            "GET",
            parts.path,
            urlencode(query, quote_via=quote, safe="-_.~"),
            f"host:{parts.netloc}\n",
            "host",
            "UNSIGNED-PAYLOAD",
        )
    )
    scope = said.get("X-Amz-Credential", "").split("/")[1:]
    to_sign = "\n".join(
        (
            "AWS4-HMAC-SHA256",
            said.get("X-Amz-Date", ""),
            "/".join(scope),
            hashlib.sha256(request.encode()).hexdigest(),
        )
    )
    key = f"AWS4{secret}".encode()
    for part in scope:
        key = _mac(key, part)
    return _mac(key, to_sign).hex()


def _mac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")
