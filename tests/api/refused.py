"""What every refusal must look like, whatever was refused."""

import httpx

from tests.api.served import Served

INVALID = "Request parameters are invalid."


def check(served: Served, answer: httpx.Response, message: str, status: int = 200, code: int = 0) -> None:
    """The envelope, and nothing about us in it."""
    body = answer.json()
    assert answer.status_code == status, body
    assert body["result"] is False
    assert body["errors"][0] == {"code": code, "message": message}, body
    for secret in (
        served.owner.api_key,
        served.owner.api_secret,
        str(served.parts.incoming),
        "/tmp",
        "Traceback",
        ".py",
        "python",
    ):
        assert secret not in answer.text


async def nothing_happened(served: Served) -> None:
    assert await served.tasks() == []
    assert served.left_behind() == []
