"""Forms as browsers send them: small, read within limits."""

import asyncio
from urllib.parse import parse_qsl

from starlette.datastructures import ImmutableMultiDict
from starlette.requests import Request

from understudy.errors import InvalidInput, TooLarge

_MOST_BYTES = 256 * 1024
_MOST_FIELDS = 2000
_SECONDS = 30.0


Form = ImmutableMultiDict[str, str]
"""Fields by name; of several of one name the last counts, and `getlist` has them in order."""


async def read_form(request: Request) -> Form:
    """The fields of a request's body. Raises `InvalidInput`, `TooLarge`."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = b""
    try:
        async with asyncio.timeout(_SECONDS):
            async for piece in request.stream():
                body += piece
                if len(body) > _MOST_BYTES:
                    raise TooLarge("The form is too large.")
    except TimeoutError as error:
        raise InvalidInput("The form did not arrive in time.") from error
    if not body:
        return Form([])
    if kind != "application/x-www-form-urlencoded":
        raise InvalidInput("A form is expected here, as application/x-www-form-urlencoded.")
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict")
    except ValueError as error:
        raise InvalidInput("The form cannot be read.") from error
    return Form(pairs)


def number_of(text: str) -> int:
    """A number out of an address, a field or a cookie; 0 for what is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
