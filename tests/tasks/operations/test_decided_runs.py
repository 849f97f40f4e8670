"""Tasks that run while operators decide about their model."""

from decimal import Decimal
from pathlib import Path

import msgspec

from tests.tasks.house import CLIP, House, house
from tests.tasks.operations.deciding import cpr
from understudy.tasks.operations.decisions import PriceList


class TestACharge:
    """Is by what was announced when the task was submitted."""

    async def test_also_when_the_price_changes_before_the_end(self, tmp_path: Path) -> None:
        async with house(tmp_path) as opened:
            before = await opened.submit("[sleep 0.5]")
            await opened.decisions.price("acme/clip", cpr("0.75"), "Ada")
            after = await opened.submit()
            assert await charged(opened, (await opened.end_of(before)).id) == Decimal("-0.25")
            assert await charged(opened, (await opened.end_of(after)).id) == Decimal("-0.75")
            await opened.decisions.price("acme/clip", None, "Ada")
            last = await opened.submit()
            assert await charged(opened, (await opened.end_of(last)).id) == Decimal("-0.25")

    async def test_also_after_a_restart(self, tmp_path: Path) -> None:
        async with house(tmp_path, started=False) as opened:
            before = await opened.submit()
            await opened.decisions.price("acme/clip", cpr("0.75"), "Ada")
            after = await opened.submit()
        async with house(tmp_path) as opened:
            assert opened.crew.catalogue.find("acme", "clip") == msgspec.structs.replace(
                CLIP, prices=cpr("0.75").prices, cps=Decimal("0.001")
            )
            assert await charged(opened, (await opened.end_of(before)).id) == Decimal("-0.25")
            assert await charged(opened, (await opened.end_of(after)).id) == Decimal("-0.75")

    async def test_and_by_no_rule_at_all(self, tmp_path: Path) -> None:
        async with house(tmp_path) as opened:
            await opened.decisions.price("acme/clip", PriceList(cps=Decimal(0)), "Ada")
            free = await opened.submit()
            assert (await opened.end_of(free)).cost == "0"
            assert await opened.store.operating.line_of(free.id) is None


async def test_what_waits_for_a_model_that_is_off_is_still_played(tmp_path: Path) -> None:
    async with house(tmp_path, started=False) as opened:
        waiting = await opened.submit()
        await opened.decisions.offer("acme/clip", False, "Ada")
        await opened.dispatcher.start()
        assert (await opened.end_of(waiting)).pexit == "0"


async def test_a_cast_counts_for_the_next_claim(tmp_path: Path) -> None:
    async with house(tmp_path, engine="trouble", casting={"*": ("instant", "trouble")}) as opened:
        for name in ("trouble", "instant"):
            await opened.decisions.cast("acme/clip", [name], "Ada")
            ended = await opened.end_of(await opened.submit())
            assert ended.engine is not None
            assert ended.engine["name"] == name


async def charged(opened: House, task: int) -> Decimal:
    line = await opened.store.operating.line_of(task)
    assert line is not None
    return line.amount
