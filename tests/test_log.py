import asyncio
import io
import json
import logging
from collections.abc import Iterator

import pytest

from understudy import log

logger = logging.getLogger("understudy.tests.log")


@pytest.fixture(autouse=True)
def root_as_before() -> Iterator[None]:
    names = ["", "understudy", "uvicorn", "uvicorn.error", "uvicorn.access"]
    before = [
        (logging.getLogger(n), logging.getLogger(n).level, list(logging.getLogger(n).handlers)) for n in names
    ]
    yield
    for each, level, handlers in before:
        each.setLevel(level)
        each.handlers[:] = handlers


def lines(kind: str, level: str = "info") -> io.StringIO:
    stream = io.StringIO()
    log.set_up(level, kind, stream)  # type: ignore[arg-type]
    return stream


def test_text_names_time_level_logger_message_and_context() -> None:
    stream = lines("text")
    with log.log_context(task="12"):
        logger.warning("claimed %s", "it")
    time, rest = stream.getvalue().split(" ", 1)
    assert time.endswith("Z")
    assert rest == "warning tests.log: claimed it task=12\n"


def test_json_is_one_object_a_line_with_the_context_and_the_traceback() -> None:
    stream = lines("json")
    with log.log_context(project="1"), log.log_context(task="12"):
        try:
            raise ValueError("bad\nthing")
        except ValueError:
            logger.exception("it broke")
    logger.info("outside")
    first, second = (json.loads(line) for line in stream.getvalue().splitlines())
    assert (first["message"], first["project"], first["task"]) == ("it broke", "1", "12")
    assert "ValueError: bad" in first["traceback"]
    assert "task" not in second


async def test_what_is_found_out_later_is_in_all_lines_of_the_context() -> None:
    stream = lines("json")

    async def elsewhere() -> None:
        await asyncio.sleep(0)
        logger.info("begun before")

    with log.log_context(task="12"):
        begun = asyncio.create_task(elsewhere())
        log.add_to_context(engine="ovi")
        await begun
    log.add_to_context(engine="nobody hears of it")
    logger.info("outside")
    first, second = (json.loads(line) for line in stream.getvalue().splitlines())
    assert (first["task"], first["engine"]) == ("12", "ovi")
    assert not {"task", "engine"} & second.keys()


def test_what_is_added_inside_stays_inside() -> None:
    stream = lines("json")
    with log.log_context(task="12"):
        with log.log_context():
            log.add_to_context(engine="ovi")
        with log.own_context(engine="trouble"):
            logger.info("own")
        logger.info("around")
    own, around = (json.loads(line) for line in stream.getvalue().splitlines())
    assert ("task" in own, own["engine"]) == (False, "trouble")
    assert (around["task"], "engine" in around) == ("12", False)


def test_the_level_is_kept_and_setting_up_again_does_not_double() -> None:
    lines("text")
    stream = lines("text", "warning")
    logger.info("quiet")
    logger.warning("loud")
    logging.getLogger("elsewhere").info("quiet")
    assert stream.getvalue().count("\n") == 1


@pytest.mark.parametrize(
    "text",
    [
        "x-api-key: SECRET",
        "x-signature=SECRET",
        '{"api_secret": "SECRET", "a": 1}',
        "UNDERSTUDY_SECRET_KEY=SECRET",
        "Authorization: Bearer SECRET",
        "GET /v1/File/SECRET/picture.png HTTP/1.1",
        '{"type":"task_info","tasktoken":"SECRET"}',
        "socketaccesstoken=SECRET&x=1",
        "postgresql://user:SECRET@host/db",
        "signed with whsec_SECRET==",
    ],
)
def test_what_opens_a_door_is_not_logged(text: str) -> None:
    stream = lines("json")
    logger.info(text)
    with log.log_context(field=text):
        logger.info("message")
    assert "SECRET" not in stream.getvalue().replace("SECRET_KEY", "")
    assert "***" in stream.getvalue()


def test_the_place_of_an_output_is_not_logged_but_other_paths_are() -> None:
    place = "9872577e-5bdaea82-7c1a107b-1c44036f-eed05aeb-964de4df-91d0d8ef-17a21509"
    assert log.redacted(f"GET /{place}/0.mp4") == "GET /***/0.mp4"
    assert log.redacted("GET /v1/Run/openai/sora-2-pro") == "GET /v1/Run/openai/sora-2-pro"
