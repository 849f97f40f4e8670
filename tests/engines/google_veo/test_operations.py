"""What an operation's end means, as a table."""

import pytest

from understudy.engines.google.sdk import decoded
from understudy.engines.google_veo.operations import Operation, said, standing
from understudy.errors import PartnerAway

CLIP = '{"bytesBase64Encoded": "AAAA", "mimeType": "video/mp4"}'


def stands(answer: str) -> tuple[str, str, bool | None, str]:
    operation = decoded(answer, Operation)
    found = standing(operation, said(operation))
    return found.state, found.fault, found.charged, found.reason


def error(code: int, message: str = "No.") -> str:
    return f'{{"name": "n", "done": true, "error": {{"code": {code}, "message": "{message}"}}}}'


@pytest.mark.parametrize(
    ("answer", "state", "fault", "charged", "part"),
    [
        ('{"name": "n"}', "running", "partner", None, ""),
        ('{"name": "n", "done": false, "metadata": {"@type": "x"}}', "running", "partner", None, ""),
        (f'{{"done": true, "response": {{"videos": [{CLIP}]}}}}', "done", "partner", None, ""),
        (
            f'{{"done": true, "response": {{"videos": [{CLIP}], "raiMediaFilteredCount": 1}}}}',
            "done",
            "partner",
            None,
            "",
        ),
        (
            '{"done": true, "response": {"raiMediaFilteredCount": 1, "raiMediaFilteredReasons": ["Faces. 89371032"]}}',
            "failed",
            "content",
            False,
            "Faces. 89371032",
        ),
        (
            '{"done": true, "response": {"videos": [], "raiMediaFilteredCount": 2}}',
            "failed",
            "content",
            False,
            "it gave no reason",
        ),
        ('{"done": true, "response": {}}', "failed", "partner", None, "without a clip"),
        ('{"done": true}', "failed", "partner", None, "without a clip"),
        (error(3), "failed", "input", False, "cannot play these inputs: No. (code 3)"),
        (error(3, "It violates our usage guidelines."), "failed", "content", False, "usage guidelines"),
        (error(8), "failed", "partner", False, "no room"),
        (error(429), "failed", "partner", False, "no room"),
        (error(7), "failed", "partner", None, "key or the account"),
        (error(13), "failed", "partner", None, "failed at the partner"),
        (error(14, ""), "failed", "partner", None, "code 14"),
    ],
)
def test_ends(answer: str, state: str, fault: str, charged: bool | None, part: str) -> None:
    found = stands(answer)
    assert found[:3] == (state, fault, charged)
    assert part in found[3]


@pytest.mark.parametrize("answer", ["", "null", "[]", "<html>", '{"done": "yes"}', '{"name": 5}'])
def test_what_cannot_be_read(answer: str) -> None:
    with pytest.raises(PartnerAway, match="cannot be read"):
        decoded(answer, Operation)
