"""Answers and task objects, read without a server."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from understudy.api.auth import begin, is_signed
from understudy.engines.mappings.wiro import Run
from understudy.engines.wiro.answers import failure, read
from understudy.engines.wiro.signing import signed_headers
from understudy.engines.wiro.tasks import is_of, made, reach_before, standing
from understudy.errors import NotAccepted, PartnerError, Unclear


def refused(code: int, message: str, status: int = 200) -> PartnerError:
    body = {"result": False, "errors": [{"code": code, "message": message}]}
    return failure(read(status, msgspec.json.encode(body)), "mine")


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (refused(0, "Project authorization is not valid.", 401), NotAccepted, "[engine.mine]"),
        (refused(0, "Requested ip 10.1.2.3 is not allowed.", 401), NotAccepted, "[engine.mine]"),
        (refused(98, "Sign in"), NotAccepted, "[engine.mine]"),
        (refused(96, "Your current balance of $3"), NotAccepted, "takes no more tasks"),
        (refused(97, "Insufficient balance"), NotAccepted, "balance"),
        (refused(0, "Request parameter [prompt] required"), NotAccepted, "[prompt] required"),
        (refused(1, "tool-not-accessible"), NotAccepted, "tool-not-accessible"),
        (refused(0, "Too large.", 413), NotAccepted, "Too large."),
        (refused(0, "Idempotency-Key was used with other parameters"), Unclear, "before"),
        (refused(0, "Try again later.", 503), Unclear, "HTTP 503"),
        (failure(read(404, b"<html>"), "mine"), NotAccepted, "HTTP 404"),
        (failure(read(408, b"<html>"), "mine"), Unclear, "HTTP 408"),
        (failure(read(200, b"[]"), "mine"), Unclear, "protocol"),
        (failure(read(200, b"\xff"), "mine"), Unclear, "protocol"),
        (failure(read(200, b'{"errors": []}'), "mine"), Unclear, "protocol"),
        (failure(read(201, b'{"result": true}'), "mine"), Unclear, "HTTP 201"),
        (failure(read(302, b""), "mine"), Unclear, "HTTP 302"),
    ],
)
def test_what_refusals_mean(error: PartnerError, kind: type[PartnerError], words: str) -> None:
    assert type(error) is kind
    assert words in error.message
    for private in ("10.1.2.3", "$3"):
        assert private not in error.message


def test_a_code_without_end_is_none() -> None:
    assert read(200, b'{"result": false, "errors": [{"code": "%s"}]}' % (b"9" * 6000)).code == 0


def test_not_now() -> None:
    for busy in (refused(96, "x"), failure(read(429, b"", "7"), "mine")):
        assert isinstance(busy, NotAccepted)
        assert busy.busy
    assert read(429, b"", "7").retry_after == 7
    assert read(429, b"", "999999").retry_after == 3600
    assert read(429, b"", "Wed, 21 Oct 2026 07:28:00 GMT").retry_after is None


def test_what_the_server_repeats_of_our_secrets_is_not_shown() -> None:
    body = {"result": False, "errors": [{"code": 0, "message": "Unknown: hush\x1b[31m\n(quiet)"}]}
    answer = read(200, msgspec.json.encode(body), hidden=("hush", "quiet"))
    assert failure(answer, "mine").message.endswith("refused the task: Unknown: *** [31m (***)")
    failed = {"status": "task_error", "debugerror": "Could not sign in as hush."}
    assert standing(failed, ("hush", "quiet")).reason.endswith("Could not sign in as ***.")


def test_signatures_are_those_that_the_server_checks() -> None:
    headers = signed_headers("key", "secret", 1000.5)
    assert (headers["x-api-key"], headers["x-nonce"]) == ("key", "1000500")
    assert is_signed(begin(b"key", b"secret"), b"1000500", headers["x-signature"].encode())
    assert signed_headers("key", "", 0) == {"x-api-key": "key"}


TASK: dict[str, Any] = {
    "id": "7",
    "status": "task_postprocess_end",
    "pexit": "0",
    "totalcost": "0.003510000000",
    "debugerror": "",
    "createtime": "1000",
    "modelslugowner": "google",
    "modelslugproject": "veo3.1",
    "parameters": {"prompt": "A\r\ndog.", "seed": "8", "inputImage": "https://x/v1/File/k/a.png"},
    "outputs": [{"name": "0.mp4", "url": "https://x/0.mp4"}, {"name": "1.mp4", "url": ""}],
}


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({"status": "task_queue"}, "queued"),
        *(
            ({"status": f"task_{each}"}, "running")
            for each in (
                "accept",
                "preprocess_start",
                "assign",
                "start",
                "output",
                "end",
                "postprocess_start",
            )
        ),
        ({}, "done"),
        ({"pexit": "1"}, "failed"),
        ({"status": "task_cancel"}, "failed"),
        ({"status": "task_error"}, "failed"),
    ],
)
def test_statuses(change: dict[str, str], state: str) -> None:
    now = standing({**TASK, **change})
    assert now.state == state
    assert (now.poll_after is None) == (state in ("done", "failed"))


@pytest.mark.parametrize(
    ("cost", "charged", "dollars"),
    [
        ("0", False, Decimal(0)),
        ("0.003510000000", True, Decimal("0.00351")),
        ("", None, None),
        ("NaN", None, None),
        ("-1", None, None),
        ("9300000", None, None),
        ("1e999999", None, None),
    ],
)
def test_costs(cost: str, charged: bool | None, dollars: Decimal | None) -> None:
    for change in ({"pexit": "0"}, {"pexit": "1"}):
        now = standing({**TASK, **change, "totalcost": cost})
        assert (now.charged, now.cost) == (charged, dollars)


def test_the_reason_is_the_last_line() -> None:
    failed = {**TASK, "pexit": "1"}
    assert standing({**failed, "debugerror": "noise\nToo dark.\n\n"}).reason.endswith("says: Too dark.")
    assert "no reason" in standing(failed).reason
    assert "stopped" in standing({**TASK, "status": "task_cancel"}).reason


def test_files_without_an_address_are_none() -> None:
    assert [file.url for file in made(TASK)] == ["https://x/0.mp4"]


@pytest.mark.parametrize(
    ("name", "suffix"),
    [
        ("0.MP4", ".mp4"),
        ("0", ""),
        ("../x.m/../p4", ""),
        ("0.mp\0", ""),
        ("0.m\np", ""),
        (f"0.{'é' * 300}", ""),
    ],
)
def test_names_of_files_are_theirs_and_suffixes_may_be_ours(name: str, suffix: str) -> None:
    (file,) = made({**TASK, "outputs": [{"name": name, "url": "https://x/0"}]})
    assert file.suffix == suffix


RUN = Run(
    model="Google/veo3-1", fields={"prompt": "A\ndog.", "seed": "8.0"}, files=(("inputImage", "/x.png"),)
)


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({}, True),
        ({"createtime": "995"}, True),
        ({"createtime": "994"}, False),
        ({"createtime": ""}, False),
        ({"modelslugproject": "veo3"}, False),
        ({"parameters": {**TASK["parameters"], "prompt": "A cat."}}, False),
        ({"parameters": {**TASK["parameters"], "seed": "9"}}, False),
        ({"parameters": {"prompt": "A dog.", "seed": "8"}}, False),
        ({"parameters": None}, False),
    ],
)
def test_which_tasks_may_come_from_a_request(change: dict[str, Any], same: bool) -> None:
    assert is_of({**TASK, **change}, RUN, placed=1000.9) is same


def test_how_far_a_list_goes_back() -> None:
    assert not reach_before([TASK], 1000)
    assert reach_before([TASK, {**TASK, "createtime": "900"}], 1000)
    assert not reach_before([], 1000)
