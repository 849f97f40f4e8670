"""`understudy projects limit`, and where limits and spending are shown."""

import asyncio
import json
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.postgres import server
from tests.tasks.store.contract import claimed, started
from understudy.cli import main
from understudy.config import load_settings
from understudy.stores import open_store
from understudy.tasks import lifecycle
from understudy.tasks.records import Charge

Shown = Callable[..., dict[str, Any]]
NONE: dict[str, Any] = {
    "running": 0,
    "queued": 0,
    "rate": 0.0,
    "burst": 0,
    "hourly": None,
    "monthly": None,
    "keep_days": 0.0,
}


@pytest.fixture(params=["sqlite", "postgresql"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> list[str]:
    """The options that lead to a store with one project."""
    given = ["--data", str(tmp_path)]
    if request.param == "postgresql":
        given += ["--database", asyncio.run(server().new_database())]
    main_ended("projects", "create", "studio", *given)
    return given


def main_ended(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended_with:
        main(arguments)
    return int(str(ended_with.value.code or 0))


@pytest.fixture
def shown(where: list[str], capsys: pytest.CaptureFixture[str]) -> Shown:
    """What a command about projects prints as JSON."""

    def run(*arguments: str) -> Any:
        capsys.readouterr()
        assert main_ended("projects", *arguments, *where, "--json") == 0
        return json.loads(capsys.readouterr().out)

    return run


def test_what_is_given_is_set_and_the_rest_stays(shown: Shown) -> None:
    assert shown("limit", "1")["limits"] == NONE
    options = "--running 2 --queued 10 --rate 0.5 --burst 5 --hourly 1.50 --monthly 20 --keep-days 30"
    everything = {
        "running": 2,
        "queued": 10,
        "rate": 0.5,
        "burst": 5,
        "hourly": "1.50",
        "monthly": "20.00",
        "keep_days": 30.0,
    }
    assert shown("limit", "1", *options.split())["limits"] == everything
    assert shown("limit", "1", "--running", "7")["limits"] == {**everything, "running": 7}
    assert shown("show", "1")["limits"] == shown("list")[0]["limits"] == {**everything, "running": 7}
    assert shown("limit", "1", "--hourly", "0", "--monthly", "none", "--running", "none")["limits"] == {
        **everything,
        "running": 0,
        "hourly": None,
        "monthly": None,
    }


def test_what_was_spent_is_told(shown: Shown, where: list[str]) -> None:
    async def spend() -> None:
        flags = dict(zip(("data", "database"), where[1::2], strict=False))
        async with open_store(load_settings(None, {}, {**flags, "data": Path(flags["data"])})) as store:
            task = await started(store, await claimed(store, 1))
            charge = Charge(amount=Decimal("1.25"), note="acme/clip")
            await store.apply(task.id, lifecycle.finish(task, time.time(), pexit="0", charge=charge))

    asyncio.run(spend())
    spent = {"hour": "1.25", "month": "1.25"}
    assert shown("show", "1")["spent"] == shown("limit", "1")["spent"] == shown("list")[0]["spent"] == spent


@pytest.mark.parametrize("where", ["sqlite"], indirect=True)
def test_it_is_said_to_people(where: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main_ended("projects", "limit", "1", "--running", "2", "--monthly", "20", *where) == 0
    out = capsys.readouterr().out
    assert "limits        2 running, $20.00 a month\n" in out
    assert "spent         $0.00 this hour, $0.00 this month (UTC)\n" in out
    main_ended("projects", "limit", "1", "--running", "0", "--monthly", "0", *where)
    assert "limits        the server's own\n" in capsys.readouterr().out


@pytest.mark.parametrize("where", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        ("--running many", 2, "'many' is not a whole number, and not none"),
        ("--running 1.5", 2, "'1.5' is not a whole number"),
        ("--rate fast", 2, "'fast' is not a number"),
        ("--hourly cheap", 2, "'cheap' is not an amount of money"),
        ("--running -1", 4, "A limit is no less than 0, and running is -1."),
        ("--rate nan", 4, "A limit is no less than 0, and rate is nan."),
        ("--keep-days inf", 4, "keep_days is inf."),
        ("--hourly nan", 4, "hourly is NaN."),
    ],
)
def test_what_is_no_limit(
    where: list[str], capsys: pytest.CaptureFixture[str], options: str, code: int, words: str
) -> None:
    name, value = options.split()
    assert main_ended("projects", "limit", "1", f"{name}={value}", *where) == code
    assert words in " ".join(capsys.readouterr().err.replace("│", " ").split())
    assert main_ended("projects", "limit", "9", "--running", "1", *where) == 4
