"""The fake receiver, with what the server's own webhooks sign."""

import time
from collections.abc import Mapping

import httpx
import pytest

from understudy.tasks.webhooks import sign
from understudy.testing.partners.faults import Fault, FaultPlan
from understudy.testing.partners.receiver import Receiver
from understudy.testing.partners.serving import serving

SECRET = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
BODY = b'{"total": "1"}'


def headers(at: float | None = None, body: bytes = BODY, secret: str = SECRET) -> dict[str, str]:
    second = int(time.time() if at is None else at)
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(second),
        "webhook-signature": f"v1,other {sign(secret, 'msg_1', second, body)}",
    }


def post(url: str, given: Mapping[str, str]) -> int:
    return httpx.post(url, content=BODY, headers=given).status_code


def test_what_is_genuine_is_taken_in() -> None:
    receiver = Receiver(secret=SECRET)
    with serving(receiver.app) as url:
        assert post(f"{url}/told", headers()) == 204
        assert httpx.get(url).status_code == 405
    (delivery,) = receiver.deliveries
    assert (delivery.path, delivery.id, delivery.payload) == ("/told", "msg_1", {"total": "1"})
    assert delivery.genuine
    assert delivery.accepted


@pytest.mark.parametrize(
    "given",
    [
        {},
        headers(body=b"{}"),
        headers(at=time.time() - 3600),
        headers(secret="whsec_AQID"),
        {**headers(), "webhook-id": "msg_2"},
        {**headers(), "webhook-timestamp": "soon"},
        {**headers(), "webhook-signature": ""},
    ],
)
def test_what_is_not_is_refused(given: dict[str, str]) -> None:
    receiver = Receiver(secret=SECRET)
    with serving(receiver.app) as url:
        assert post(url, given) == 401
    (delivery,) = receiver.deliveries
    assert delivery.genuine is False
    assert not delivery.accepted


def test_without_a_secret_all_are_believed() -> None:
    receiver = Receiver()
    with serving(receiver.app) as url:
        assert post(url, {}) == 204
    assert receiver.deliveries[0].genuine is None


@pytest.mark.parametrize(
    ("kind", "status", "taken"),
    [
        ("busy", 429, False),
        ("error before", 500, False),
        ("error after", 500, True),
        ("refused", 400, False),
        ("redirects", 307, False),
        ("drop before", 0, False),
        ("drop after", 0, True),
        ("hang after", 0, True),
    ],
)
def test_faults(kind: str, status: int, taken: bool) -> None:
    fault = Fault("deliver", kind, times=2, seconds=0.05)  # type: ignore[arg-type]
    receiver = Receiver(FaultPlan([fault]))
    with serving(receiver.app) as url:
        for _ in range(2):
            try:
                assert post(url, {}) == status
            except (httpx.ReadError, httpx.RemoteProtocolError):
                assert status == 0
        assert post(url, {}) == 204
    assert [each.accepted for each in receiver.deliveries] == [taken, taken, True]
