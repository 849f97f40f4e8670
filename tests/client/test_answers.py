import pytest

from understudy.client import (
    InsufficientBalance,
    LimitReached,
    NotFound,
    NotSignedIn,
    RequestRefused,
    UnexpectedAnswer,
)
from understudy.client.answers import payload


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (200, 0, RequestRefused),
        (200, 1, NotFound),
        (200, 96, LimitReached),
        (200, 97, InsufficientBalance),
        (200, 98, NotSignedIn),
        (200, 99, NotSignedIn),
        (401, 0, NotSignedIn),
        (413, 0, RequestRefused),
        (429, 0, LimitReached),
    ],
)
def test_each_code_has_its_error(status: int, code: int, kind: type[RequestRefused]) -> None:
    body = b'{"result":false,"errors":[{"code":%d,"message":"one"},{"code":0,"message":"two"}]}' % code
    with pytest.raises(RequestRefused) as refused:
        payload(status, body, "http://a")
    assert type(refused.value) is kind
    assert (refused.value.code, refused.value.status, refused.value.message) == (code, status, "one; two")


def test_sentences_are_joined_as_sentences() -> None:
    body = b'{"result":false,"errors":[{"code":0,"message":"It is wrong."},{"code":0,"message":"Mend it."}]}'
    with pytest.raises(RequestRefused, match=r"^It is wrong\. Mend it\.$"):
        payload(200, body, "http://a")


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b"\xff"])
def test_other_programs_are_recognised(body: bytes) -> None:
    with pytest.raises(UnexpectedAnswer, match="http://a answered with HTTP 200"):
        payload(200, body, "http://a")
