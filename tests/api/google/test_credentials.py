"""Who asks, in this dialect: a key in a header, a bearer token, or the query."""

from pathlib import Path

import pytest

from tests.api.google.talk import DEVELOPER, SCOPED, VEO, error
from tests.api.served import Served, serving

LIST = "/v1beta/models"
MISSING = (
    "The request has no API key. Send it as x-goog-api-key or as Authorization: Bearer; KEY:SECRET for a project that"
    " signs its requests, KEY for one that does not."
)
WRONG_SECRET = "The API secret is not right."
NO_SECRET = "This project signs its requests; clients of this protocol send KEY:SECRET as the API key."
UNKNOWN = "The API key is not known here."


async def heard(served: Served, headers: dict[str, str], query: str = "") -> str:
    """What is wrong; "" for nothing."""
    answer = await served.client.get(LIST + query, headers=headers)
    if answer.status_code == 200:
        return ""
    body = answer.json()
    message: str = body["error"]["message"]
    assert (answer.status_code, body) == (401, error(401, "UNAUTHENTICATED", message))
    return message


async def test_a_project_that_signs_sends_its_secret_with_the_key(served: Served) -> None:
    both = f"{served.owner.api_key}:{served.owner.api_secret}"
    assert await heard(served, {"x-goog-api-key": both}) == ""
    assert await heard(served, {"authorization": f"Bearer {both}"}) == ""
    assert await heard(served, {"authorization": f"bearer  {both} "}) == ""
    assert await heard(served, {}, f"?key={both}") == ""
    assert await heard(served, {"x-goog-api-key": served.owner.api_key}) == NO_SECRET
    assert await heard(served, {"x-goog-api-key": f"{served.owner.api_key}:wrong"}) == WRONG_SECRET
    assert await heard(served, {"authorization": f"Basic {both}"}) == MISSING


async def test_a_key_only_project_sends_its_key(served: Served) -> None:
    keyed = await served.parts.projects.create("keyed", auth="key")
    assert await heard(served, {"x-goog-api-key": keyed.api_key}) == ""
    assert await heard(served, {}, f"?alt=json&key={keyed.api_key}") == ""


@pytest.mark.parametrize("given", ["", "x", ":", "é"])
async def test_keys_that_nobody_has(served: Served, given: str) -> None:
    headers = {"x-goog-api-key": given.encode("latin-1")}
    assert await heard(served, headers) == (UNKNOWN if given else MISSING)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", LIST),
        ("GET", f"{LIST}/sora-2-pro"),
        ("POST", f"/v1beta1/{VEO}:predictLongRunning"),
        ("POST", f"/v1/{SCOPED}:predictLongRunning"),
        ("POST", f"/v1beta1/{VEO}:fetchPredictOperation"),
        ("POST", f"/v1beta/{DEVELOPER}:predictLongRunning"),
        ("GET", f"/v1beta/{DEVELOPER}/operations/1"),
        ("GET", f"/v1beta/files/{'0' * 32}:download"),
    ],
)
async def test_nothing_is_answered_without_a_key(served: Served, method: str, path: str) -> None:
    answer = await served.client.request(method, path)
    assert (answer.status_code, answer.json()) == (401, error(401, "UNAUTHENTICATED", MISSING))


async def test_a_disabled_project_and_a_wrong_address(tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        headers = {"x-goog-api-key": f"{served.owner.api_key}:{served.owner.api_secret}"}
        await served.parts.projects.set_enabled(served.owner.project.id, False)
        assert await heard(served, headers) == UNKNOWN
        await served.parts.projects.set_enabled(served.owner.project.id, True)
        await served.parts.store.change_project(served.owner.project.id, allow=("203.0.113.0/24",))
        assert await heard(served, headers) == "Requested ip 127.0.0.1 is not allowed."
