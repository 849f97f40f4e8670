"""`understudy purchases`: what the operator sees of what was bought."""

import asyncio
import json
from pathlib import Path

import pytest

from tests.tasks.store.purchase_contract import PurchaseContract, end, intention
from understudy.cli import main
from understudy.tasks.store.sqlite.store import open_sqlite


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with a purchase that nobody can tell about, a delivered one, and an open one."""

    async def fill() -> None:
        store = await open_sqlite(tmp_path / "understudy.db")
        contract = PurchaseContract()
        for outcome, charged in (("unknown", None), ("delivered", "1.2")):
            task = await contract.running(store)
            purchase = await store.begin_purchase(intention(task), (task.lease_owner, task.attempts))
            assert purchase is not None
            await store.settle_purchase(end(purchase, outcome, charged))  # type: ignore[arg-type]
        task = await contract.running(store)
        await store.begin_purchase(intention(task, engine="other"), (task.lease_owner, task.attempts))
        await store.close()

    asyncio.run(fill())
    return tmp_path


def printed(capsys: pytest.CaptureFixture[str], data: Path, *arguments: str) -> str:
    with pytest.raises(SystemExit) as ended:
        main(["purchases", *arguments, "--data", str(data)])
    assert not ended.value.code
    return capsys.readouterr().out


def test_purchases_are_listed_newest_first(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(capsys, data, "list").splitlines()
    assert lines[0] == "Task\tEngine\tBought\tState\tCost\tJob there"
    assert [line.split("\t")[3] for line in lines[1:4]] == ["intended", "delivered", "unknown"]
    assert lines[-1] == "Task 1: so it went"


def test_they_can_be_narrowed_down(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (unknown,) = json.loads(printed(capsys, data, "list", "--outcome", "unknown", "--json"))
    assert (unknown["task"], unknown["charged"]) == (1, None)
    assert "hook" not in unknown
    (still,) = json.loads(printed(capsys, data, "list", "--open", "--json"))
    assert still["engine"] == "other"
    assert (
        json.loads(printed(capsys, data, "list", "--engine", "partner", "--limit", "1", "--json"))[0]["task"]
        == 2
    )


def test_a_slip_does_not_look_as_if_nothing_was_lost(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["purchases", "list", "--outcome", "unkown", "--data", str(data)])
    assert ended.value.code == 2
    assert "abandoned, lost, unknown" in " ".join(capsys.readouterr().err.split())
    with pytest.raises(SystemExit):
        main(["purchases", "list", "--engine", "nobody", "--data", str(data)])
    assert capsys.readouterr().err == "There are no such purchases.\n"


def test_the_ledger_has_what_partners_charged(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(capsys, data, "ledger").splitlines()
    assert [line.split("\t")[-2:] for line in lines[1:]] == [["-1.20", "delivered"]]
