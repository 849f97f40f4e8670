"""The receiver of webhooks that docs/api.md shows, against what the server sends."""

import time
from typing import Any

import pytest

from tests.docs.pages import ROOT, files
from understudy.tasks.webhooks import sign

SECRET = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
BODY = b'{"total": "1"}'


@pytest.fixture(scope="module")
def receiver() -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(files(ROOT / "docs" / "api.md")["receiver.py"], names)
    return names


def headers(at: float, body: bytes = BODY) -> dict[str, str]:
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(at)),
        "webhook-signature": sign(SECRET, "msg_1", int(at), body),
    }


def test_what_the_server_signs_is_ours(receiver: dict[str, Any]) -> None:
    assert receiver["is_ours"](SECRET, headers(time.time()), BODY)


def test_another_body_and_an_old_one_are_not(receiver: dict[str, Any]) -> None:
    assert not receiver["is_ours"](SECRET, headers(time.time(), b"{}"), BODY)
    assert not receiver["is_ours"](SECRET, headers(time.time() - 3600), BODY)
