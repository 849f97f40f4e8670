"""Down the cast: only where nothing has been paid, or where the operator allows it."""

from pathlib import Path

import pytest

from tests.tasks.purchases.shop import ENGINE, end_of, order, partner, shop
from understudy.tasks.purchases.verdicts import Failover
from understudy.testing.partners.faults import Fault

STANDS_IN = (ENGINE, "instant")


@pytest.mark.parametrize(
    ("fault", "failover", "player"),
    [
        (Fault("create", "no account"), "unpaid", "instant"),
        (Fault("create", "refused"), "unpaid", "instant"),
        (Fault("create", "busy", times=99), "unpaid", "instant"),
        (Fault("create", "no account"), "never", ""),
        (Fault("create", "fails"), "unpaid", ""),
        (Fault("create", "fails"), "always", "instant"),
        (Fault("create", "forgotten"), "unpaid", ""),
        (Fault("create", "forgotten"), "always", "instant"),
        (Fault("create", "drop before"), "unpaid", ""),
        (Fault("create", "drop before"), "always", "instant"),
        (Fault("create", "refused content"), "unpaid", ""),
        (Fault("create", "refused content"), "always", ""),
    ],
    ids=lambda value: value.kind if isinstance(value, Fault) else str(value),
)
async def test_the_next_engine_plays_if_the_money_allows_it(
    tmp_path: Path, fault: Fault, failover: Failover, player: str
) -> None:
    with partner(fault) as there:
        async with shop(tmp_path / "house", there, cast=STANDS_IN, failover=failover) as house:
            over = await end_of(house, await order(house))
    assert over.engine is not None
    if not player:
        assert (over.pexit, over.engine["name"]) == ("1", ENGINE)
        return
    assert (over.pexit, over.engine["name"], over.engine["preview"]) == ("0", player, True)
    (tried,) = over.engine["tried"]
    assert tried["engine"] == ENGINE
    assert tried["reason"]


async def test_a_failed_job_that_is_known_to_be_free_is_passed_on(tmp_path: Path) -> None:
    with partner(Fault("create", "fails")) as there:
        options: dict[str, object] = {"charges_failed": False}
        async with shop(tmp_path / "house", there, cast=STANDS_IN, options=options) as house:
            over = await end_of(house, await order(house))
    assert over.engine is not None
    assert over.engine["name"] == "instant"
    assert there.fake.paid == 1


async def test_nobody_stands_in_who_is_not_cast(tmp_path: Path) -> None:
    with partner(Fault("create", "no account")) as there:
        async with shop(tmp_path / "house", there) as house:
            over = await end_of(house, await order(house))
    assert over.pexit == "1"
    assert over.reason.startswith("No engine can play openai/sora-2-pro here now. openai_videos: ")


async def test_an_address_that_nobody_answers_at(tmp_path: Path) -> None:
    with partner() as there:
        options: dict[str, object] = {"base_url": "http://127.0.0.1:9/v1", "busy_seconds": 5}
        async with shop(tmp_path / "house", there, cast=STANDS_IN, options=options) as house:
            over = await end_of(house, await order(house))
    assert over.engine is not None
    assert over.engine["name"] == "instant"
    assert there.fake.paid == 0
