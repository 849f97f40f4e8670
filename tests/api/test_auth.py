"""The wire's section 2, through the HTTP route and as pure functions."""

import asyncio
import subprocess
from collections.abc import Mapping

import pytest

from tests.api.served import BASE, NOW, Served, serving, signed
from understudy.api.auth import begin, is_fresh, is_signed
from understudy.tasks.projects import Credentials

DETAIL = "/v1/Task/Detail"
FOREIGN = "Project authorization is not founded."
UNSIGNED = "Project requires signature authentication. x-signature and x-nonce headers are required."
INVALID = "Project authorization is not valid."
IN = "taskid or socketaccesstoken is required"
"""What somebody who was let in hears about an empty body."""


async def heard(served: Served, headers: Mapping[str, str | bytes]) -> str:
    """The message for an empty Task/Detail; checks status and envelope."""
    answer = await served.client.post(DETAIL, headers=headers)
    body = answer.json()
    message = body["errors"][0]["message"]
    assert body["result"] is False
    assert body["errors"][0]["code"] == 0
    assert answer.status_code == (200 if message == IN else 401)
    return str(message)


async def test_a_signed_request_is_let_in_and_its_nonce_may_come_again(served: Served) -> None:
    for _ in range(3):
        assert await heard(served, served.headers()) == IN


@pytest.mark.parametrize("prefix", ["SHA2-256(stdin)= ", "(stdin)= ", "", "  "])
async def test_the_whole_line_that_openssl_prints_is_a_signature(served: Served, prefix: str) -> None:
    headers = served.headers()
    headers["x-signature"] = prefix + headers["x-signature"].upper()
    assert await heard(served, headers) == IN


async def test_the_documented_shell_snippet_signs(served: Served) -> None:
    snippet = 'echo -n "${YOUR_API_SECRET}${NONCE}" | openssl dgst -sha256 -hmac "${YOUR_API_KEY}"'
    environment = {
        "YOUR_API_KEY": served.owner.api_key,
        "YOUR_API_SECRET": served.owner.api_secret,
        "NONCE": "42",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
    }
    line = await asyncio.to_thread(
        subprocess.check_output, ["bash", "-c", snippet], env=environment, text=True
    )
    assert await heard(served, served.headers() | {"x-nonce": "42", "x-signature": line.strip()}) == IN


async def test_unknown_and_disabled_projects_look_the_same(served: Served) -> None:
    await served.parts.projects.set_enabled(served.owner.project.id, False)
    disabled = await heard(served, served.headers())
    assert disabled == FOREIGN
    assert await heard(served, served.headers() | {"x-api-key": "nobody's"}) == disabled
    assert await heard(served, served.headers() | {"x-api-key": b"\xff"}) == disabled
    assert await heard(served, {}) == disabled


@pytest.mark.parametrize("missing", ["x-nonce", "x-signature"])
async def test_a_missing_header_is_named(served: Served, missing: str) -> None:
    headers = served.headers()
    del headers[missing]
    assert await heard(served, headers) == UNSIGNED
    assert await heard(served, headers | {missing: ""}) == UNSIGNED


@pytest.mark.parametrize(
    "signature", ["0" * 64, "SHA2-256(stdin)=", " ", "é", "SHA2-256(stdin)= " + "f" * 64]
)
async def test_a_wrong_signature_is_refused(served: Served, signature: str) -> None:
    headers = [(b"x-signature", signature.encode("latin-1"))]
    headers += [(k.encode(), v.encode()) for k, v in served.headers().items() if k != "x-signature"]
    answer = await served.client.post(DETAIL, headers=headers)
    expected = UNSIGNED if not signature else INVALID
    assert (answer.status_code, answer.json()["errors"][0]["message"]) == (401, expected)


async def test_another_nonce_needs_another_signature(served: Served) -> None:
    assert await heard(served, served.headers() | {"x-nonce": "1734513808"}) == INVALID


async def test_a_key_only_project_needs_no_signature_and_ignores_one(served: Served) -> None:
    key_only = await served.parts.projects.create("keys", "key")
    assert await heard(served, {"x-api-key": key_only.api_key}) == IN
    assert await heard(served, {"x-api-key": key_only.api_key, "x-signature": "wrong"}) == IN


async def test_old_keys_stop_working_when_they_are_rotated(served: Served) -> None:
    fresh = await served.parts.projects.rotate(served.owner.project.id)
    assert await heard(served, served.headers()) == FOREIGN
    assert await heard(served, signed(fresh)) == IN


async def test_a_project_may_be_remembered_for_a_while(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("remembered")
    async with serving(folder, remember_project_seconds=0.2) as served:
        assert await heard(served, served.headers()) == IN
        fresh = await served.parts.projects.rotate(served.owner.project.id)
        assert await heard(served, signed(fresh)) == IN
        assert await heard(served, served.headers() | {"x-signature": "0" * 64}) == INVALID
        await asyncio.sleep(0.25)
        assert await heard(served, served.headers()) == FOREIGN


async def test_requests_from_elsewhere_are_refused(served: Served) -> None:
    await served.parts.projects.set_allow(served.owner.project.id, ("203.0.113.0/24",))
    assert await heard(served, served.headers()) == "Requested ip 127.0.0.1 is not allowed."
    # Nobody trusts the sender's own word.
    spoofed = served.headers() | {"x-forwarded-for": "203.0.113.7"}
    assert await heard(served, spoofed) == "Requested ip 127.0.0.1 is not allowed."
    await served.parts.projects.set_allow(served.owner.project.id, ("127.0.0.0/8",))
    assert await heard(served, served.headers()) == IN


async def test_a_wrong_signature_is_not_told_whether_its_address_would_do(served: Served) -> None:
    await served.parts.projects.set_allow(served.owner.project.id, ("203.0.113.0/24",))
    assert await heard(served, served.headers() | {"x-signature": "0" * 64}) == INVALID


async def test_a_trusted_proxy_is_believed(tmp_path_factory: pytest.TempPathFactory) -> None:
    async with serving(tmp_path_factory.mktemp("proxy"), trusted_proxies=("127.0.0.1",)) as served:
        await served.parts.projects.set_allow(served.owner.project.id, ("203.0.113.0/24",))
        inside = served.headers() | {"x-forwarded-for": "10.1.1.1, 203.0.113.7"}
        assert await heard(served, inside) == IN
        outside = served.headers() | {"x-forwarded-for": "203.0.113.7, 198.51.100.1"}
        assert await heard(served, outside) == "Requested ip 198.51.100.1 is not allowed."


async def test_a_nonce_may_have_to_be_fresh(tmp_path_factory: pytest.TempPathFactory) -> None:
    async with serving(tmp_path_factory.mktemp("fresh"), nonce_window=60) as served:
        assert await heard(served, served.headers()) == IN
        assert await heard(served, served.headers(nonce=str(int(NOW * 1000) + 59_000))) == IN
        for stale in (str(int(NOW) - 61), "7", "soon", "9" * 40):
            assert await heard(served, served.headers(nonce=stale)) == INVALID


async def test_the_gate_is_before_the_body(served: Served) -> None:
    answer = await served.client.post("/v1/File/Upload", files={"file": ("a.png", b"\x89PNG")}, headers={})
    assert answer.status_code == 401
    assert served.left_behind() == []


async def test_another_projects_task_does_not_exist(served: Served) -> None:
    id, token = await served.run()
    other: Credentials = await served.parts.projects.create("other")
    for named in ({"taskid": id}, {"tasktoken": token}):
        answer = await served.client.post(BASE + DETAIL, json=named, headers=signed(other))
        assert answer.json()["errors"] == [{"code": 1, "message": "There is no task yet."}]


def test_a_signature_is_hmac_sha256_of_secret_and_nonce() -> None:
    # Computed with: printf 'secret1' | openssl dgst -sha256 -hmac key
    line = subprocess.run(
        ["openssl", "dgst", "-sha256", "-hmac", "key"], input=b"secret1", capture_output=True, check=True
    ).stdout
    assert is_signed(begin(b"key", b"secret"), b"1", line)
    assert not is_signed(begin(b"key", b"secret"), b"2", line)


@pytest.mark.parametrize(
    ("nonce", "fresh"),
    [
        (b"1000", True),
        (b"1010", True),
        (b"1011", False),
        (b"989", False),
        (b" 1000 ", True),
        (b"", False),
        (b"-1000", False),
        (b"1e3", False),
    ],
)
def test_freshness(nonce: bytes, fresh: bool) -> None:
    assert is_fresh(nonce, 1000.0, 10) is fresh
