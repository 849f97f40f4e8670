import logging

import pytest

from understudy.errors import StoreUnavailable
from understudy.tasks.outage import Outage


def test_what_lasts_is_said_once_and_so_is_its_end(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    outage = Outage("no task is taken up")

    def look(works: bool) -> None:
        with outage.borne():
            if not works:
                raise StoreUnavailable("away") from OSError("connection refused")

    for works in (True, False, False, False, True, True, False):
        look(works)
    away = "the store is away, and no task is taken up: connection refused"
    assert caplog.messages == [away, "the store answers again", away]


def test_mistakes_end_nothing_and_are_told_in_full(caplog: pytest.LogCaptureFixture) -> None:
    outage = Outage("no task is taken up")
    with outage.borne():
        raise ValueError("a mistake")
    (record,) = caplog.records
    assert (record.levelname, record.message) == ("ERROR", "no task is taken up")
    assert record.exc_info is not None
    assert outage.lasts
    with outage.borne():
        pass
    assert not outage.lasts
    assert len(caplog.records) == 1
