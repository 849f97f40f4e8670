"""What is proven about a purchase whose answer is an error, and that no request is sent twice."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.engines.openai_videos.setting import job, setting
from understudy.engines.openai_videos.partner import load
from understudy.engines.partner import Tools
from understudy.errors import NotAccepted, PartnerError, Unclear
from understudy.testing.partners.clock import VirtualClock
from understudy.testing.partners.faults import Fault, Kind
from understudy.testing.partners.serving import serving


@pytest.mark.parametrize(
    ("kind", "error", "paid"),
    [
        ("drop before", Unclear, 0),
        ("drop after", Unclear, 1),
        ("busy", NotAccepted, 0),
        ("error before", Unclear, 0),
        ("error after", Unclear, 1),
        ("hang before", Unclear, 0),
        ("hang after", Unclear, 1),
        ("truncated", Unclear, 1),
        ("damaged", Unclear, 1),
        ("wrong type", Unclear, 1),
        ("redirects", Unclear, 0),
        ("refused", NotAccepted, 0),
        ("refused content", NotAccepted, 0),
        ("no account", NotAccepted, 0),
    ],
)
async def test_what_a_fault_proves(kind: Kind, error: type[PartnerError], paid: int) -> None:
    async with setting(Fault("create", kind)) as here:
        with pytest.raises(error) as raised:
            await here.bought()
        assert here.fake.paid == paid
        assert len(here.fake.requests) == 1
    assert "test-key" not in str(raised.value)
    assert raised.value.__cause__ is not None or kind in ("damaged", "wrong type")
    if isinstance(raised.value, NotAccepted):
        assert raised.value.busy is (kind == "busy")
        assert raised.value.content is (kind == "refused content")
        assert raised.value.retry_after == (7 if kind == "busy" else None)


@pytest.mark.parametrize(
    ("kind", "error", "paid"),
    [("busy", NotAccepted, 0), ("error before", Unclear, 0), ("error after", Unclear, 1)],
)
async def test_litellm_is_told_not_to_repeat_a_purchase(
    kind: Kind, error: type[PartnerError], paid: int
) -> None:
    async with setting(Fault("create", kind), profile="litellm") as here:
        with pytest.raises(error) as raised:
            await here.bought()
        assert here.fake.paid == paid
        assert here.fake.requests[0].headers["x-litellm-num-retries"] == "0"
        await here.bought()
    if kind == "busy":
        assert str(raised.value) == "The partner is busy: Rate limit reached."


async def test_what_is_for_litellm_is_told_to_nobody_else() -> None:
    async with setting(profile="gateway") as here:
        await here.bought()
        assert not any("litellm" in name for name in here.fake.requests[0].headers)


async def test_a_slow_answer_is_an_answer() -> None:
    async with setting(Fault("create", "slow")) as here:
        assert await here.bought() in here.fake.jobs
        assert here.fake.paid == 1


async def test_an_answer_that_takes_too_long_is_unclear() -> None:
    async with setting(Fault("create", "slow", seconds=5), timeout_seconds=1) as here:
        with pytest.raises(Unclear, match="within 1 seconds"):
            await here.bought()
        assert here.fake.paid == 1


async def test_nobody_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        await refused_at(f"http://127.0.0.1:{free.getsockname()[1]}/v1")


async def test_a_name_that_does_not_exist() -> None:
    await refused_at("http://nobody.invalid/v1")


async def test_no_tls_where_it_was_asked_for() -> None:
    async with setting() as here:
        await refused_at(here.url.replace("http:", "https:") + "/v1")
        assert here.fake.requests == []


async def test_a_proxy_that_lets_nobody_through(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(403, b"") as (address, _):
        monkeypatch.setenv("HTTPS_PROXY", address.removesuffix("/v1"))
        await refused_at("https://nobody.invalid/v1")


async def refused_at(address: str) -> None:
    """The connection is never established, so the purchase provably did not leave."""
    options = {"base_url": address, "api_key": "secret", "model": "sora-2", "timeout_seconds": 5}
    partner = load(options, Tools(fetch=None, clock=VirtualClock()))  # type: ignore[arg-type]
    try:
        with pytest.raises(NotAccepted, match=r"engine\.openai_videos\.base_url"):
            await partner.submit(await partner.prepare(job()), "key-1", "")
    finally:
        await partner.close()


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        ("401 Unauthorized", NotAccepted, "api_key"),
        ("402 Payment Required", NotAccepted, "money"),
        ("403 Forbidden", NotAccepted, "api_key"),
        ("404 Not Found", NotAccepted, "base_url"),
        ("413 Content Too Large", NotAccepted, "413"),
        ("422 Unprocessable Content", NotAccepted, "422"),
        # Proxies answer these although the server behind them may have taken the job.
        ("408 Request Timeout", Unclear, "408"),
        ("409 Conflict", Unclear, "409"),
        ("499 Client Closed", Unclear, "499"),
        ("307 Temporary Redirect", Unclear, "base_url"),
        ("500 Internal Server Error", Unclear, "500"),
        ("504 Gateway Timeout", Unclear, "504"),
    ],
)
async def test_what_a_status_proves(answer: str, error: type[PartnerError], words: str) -> None:
    status = int(answer.split()[0])
    with answering(status, b'{"error": {"message": "no\\nluck with secret", "code": null}}') as (
        address,
        seen,
    ):
        options = {"base_url": address, "api_key": "secret", "model": "sora-2", "timeout_seconds": 5}
        partner = load(options, Tools(fetch=None, clock=VirtualClock()))  # type: ignore[arg-type]
        with pytest.raises(error, match=words) as raised:
            await partner.submit(await partner.prepare(job()), "key-1", "")
        await partner.close()
    assert "secret" not in str(raised.value)
    assert len(seen) == 1


def behind_litellm(code: str, message: str) -> bytes:
    """A refusal as LiteLLM's proxy 1.109.1 hands it on."""
    told = json.dumps({"error": {"message": message, "type": "invalid_request_error", "code": code}})
    words = f"litellm.BadRequestError: OpenAIException - {told}\n\nLiteLLM: model group 'x' failed."
    return json.dumps({"error": {"message": words, "type": "invalid_request_error", "code": "400"}}).encode()


@pytest.mark.parametrize(
    ("body", "content", "words"),
    [
        (b'{"error": {"code": "insufficient_quota", "message": "You exceeded your quota."}}', False, "money"),
        (b'{"error": {"code": "content_policy_violation", "message": "No."}}', True, "refuse this content"),
        (b'{"error": {"message": "It was rejected by our safety system."}}', True, "safety system"),
        # vLLM-Omni's and LiteLLM's codes are statuses; LiteLLM's own words have those of the server behind it in them.
        (b'{"error": {"code": 400, "message": "Rejected by our safety system."}}', True, "safety system"),
        (behind_litellm("moderation_blocked", "Blocked."), True, r"content: Blocked\.$"),
        (behind_litellm("invalid_value", "The sign says: safety first."), False, r"\(400\): The sign says"),
        (
            b'{"error": {"code": "400", "message": "litellm.BadRequestError: {\\"error\\": broken"}}',
            False,
            "litellm",
        ),
        (b'{"detail": [{"loc": ["size"], "msg": "bad"}]}', False, "size"),
        (b"<html>", False, "400"),
        (b'{"error": ' + b"[" * 5000 + b"]" * 5000 + b"}", False, "400"),
    ],
)
async def test_what_the_words_of_a_refusal_mean(body: bytes, content: bool, words: str) -> None:
    with answering(400, body) as (address, _):
        options = {"base_url": address, "api_key": "secret", "model": "sora-2"}
        partner = load(options, Tools(fetch=None, clock=VirtualClock()))  # type: ignore[arg-type]
        with pytest.raises(NotAccepted, match=words) as raised:
            await partner.submit(await partner.prepare(job()), "key-1", "")
        await partner.close()
    assert raised.value.content is content
    assert len(str(raised.value)) < 500


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b'{"id": 7}',
        b'{"id": ""}',
        b'{"id": ".."}',
        b'{"id": "a\\nb"}',
        b'{"id": "' + b"x" * 5000 + b'"}',
        b"\xff\xfe",
        b'{"id": "video_1"' + b" " * (9 * 1024 * 1024) + b"}",
    ],
    ids=["nothing", "list", "null", "number", "empty", "dots", "line", "long", "no text", "huge"],
)
async def test_an_answer_without_a_usable_id_is_unclear(body: bytes) -> None:
    with answering(200, body) as (address, seen):
        options = {"base_url": address, "api_key": "secret", "model": "sora-2", "timeout_seconds": 5}
        partner = load(options, Tools(fetch=None, clock=VirtualClock()))  # type: ignore[arg-type]
        with pytest.raises(Unclear):
            await partner.submit(await partner.prepare(job()), "key-1", "")
        await partner.close()
    assert len(seen) == 1


async def test_a_compressed_answer_is_not_unpacked() -> None:
    import gzip

    packed = gzip.compress(b'{"id": "video_1"}')
    with answering(200, packed, {"content-encoding": "gzip"}) as (address, _):
        options = {"base_url": address, "api_key": "secret", "model": "sora-2", "timeout_seconds": 5}
        partner = load(options, Tools(fetch=None, clock=VirtualClock()))  # type: ignore[arg-type]
        with pytest.raises(Unclear):
            await partner.submit(await partner.prepare(job()), "key-1", "")
        await partner.close()


@contextmanager
def answering(
    status: int, body: bytes, headers: dict[str, str] | None = None
) -> Iterator[tuple[str, list[str]]]:
    """A server that says the same to everybody; its base address, and what it was asked."""
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import Receive, Scope, Send

    seen: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await Request(scope, receive).body()
        seen.append(scope["path"])
        extra = {"location": "/elsewhere"} if 300 <= status < 400 else {}
        response = Response(body, status, {**extra, **(headers or {})}, "application/json")
        await response(scope, receive, send)

    with serving(app) as url:
        yield f"{url}/v1", seen
