"""A partner that lies: about money, about the names of jobs."""

from decimal import Decimal
from pathlib import Path

import pytest

from tests.tasks.purchases.puppet import PRICE, Puppet, answer, booth
from tests.tasks.purchases.shop import end_of, order, settled
from understudy.engines.partner import Standing


@pytest.mark.parametrize("told", ["-1", "1e30", "1e999999", "NaN", "Infinity", "1000000.01"])
async def test_a_cost_that_cannot_be_is_not_believed(tmp_path: Path, told: str) -> None:
    done = Standing(state="done", cost=Decimal(told))
    async with booth(tmp_path, Puppet(check=[answer(done)])) as house:
        task = await order(house)
        assert (await end_of(house, task)).pexit == "0"
        assert (await settled(house, task)).charged == PRICE


@pytest.mark.parametrize("told", ["0", "0.75"])
async def test_what_the_partner_says_comes_before_the_table_of_prices(tmp_path: Path, told: str) -> None:
    done = Standing(state="done", cost=Decimal(told))
    async with booth(tmp_path, Puppet(check=[answer(done)])) as house:
        task = await order(house)
        await end_of(house, task)
        assert (await settled(house, task)).charged == Decimal(told)


@pytest.mark.parametrize("name", ["", "x" * 3000, "line\nbreak", "\x1b[31m"])
async def test_a_name_that_is_none_leaves_it_open_whether_a_job_was_taken(tmp_path: Path, name: str) -> None:
    class Liar(Puppet):
        def take(self, key: str) -> str:
            self.jobs[name] = key
            return name

    async with booth(tmp_path, Liar()) as house:
        task = await order(house)
        over = await end_of(house, task)
        assert over.pexit == "1"
        assert "not sent again" in over.reason
        assert (await settled(house, task)).outcome == "unknown"


async def test_a_preview_there_is_a_preview_here(tmp_path: Path) -> None:
    done = Standing(state="done", preview=True, reason="Played there by animatic 1 (a preview).")
    async with booth(tmp_path, Puppet(check=[answer(done)])) as house:
        over = await end_of(house, await order(house))
    assert over.engine is not None
    assert (over.engine["name"], over.engine["preview"]) == ("puppet", True)
    assert over.engine["notes"] == ["Played there by animatic 1 (a preview)."]
