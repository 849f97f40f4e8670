"""Decisions carried out by the process that made them, and by those that come after it."""

import logging
import time
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from tests.tasks.operations.deciding import ENGINES, ROAD, SEA, Process, cpr, started
from understudy.catalogue.manifest import Price
from understudy.errors import InvalidInput, NotFound
from understudy.tasks.operations.decisions import PriceList
from understudy.tasks.operations.records import Decision, DecisionKind
from understudy.tasks.store.sqlite.store import SqliteStore, open_sqlite


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    opened = await open_sqlite(tmp_path / "understudy.db")
    yield opened
    await opened.close()


@pytest.fixture
async def process(store: SqliteStore) -> Process:
    return await started(Process(store))


class TestOffer:
    async def test_a_model_is_off_until_the_manifest_counts_again(self, process: Process) -> None:
        await process.decisions.offer("acme/road", False, "Ada")
        assert not process.road.enabled
        assert process.catalogue.named("THE-ROAD") is process.road
        assert [model.slug for model in process.catalogue.search()[1]] == ["sea"]
        assert process.decisions.configured("acme/road") is ROAD
        decision = process.decisions.standing["enabled", "acme/road"]
        assert (decision.value, decision.by, decision.at) == ("false", "Ada", 1000.0)
        await process.decisions.offer("acme/road", None, "Ada")
        assert process.road is ROAD
        assert not process.decisions.standing
        assert [each.value for each in process.decisions.made] == ["false", ""]

    async def test_a_model_that_its_manifest_hides_is_shown(self, store: SqliteStore) -> None:
        hidden = msgspec.structs.replace(ROAD, enabled=False)
        process = await started(Process(store, (hidden,)))
        await process.decisions.offer("acme/road", True, "Ada")
        assert process.catalogue.search()[1] == [ROAD]

    async def test_addresses_are_found_as_requests_spell_them(self, process: Process) -> None:
        await process.decisions.offer("ACME/Road", False, "Ada")
        assert ("enabled", "acme/road") in process.decisions.standing
        assert not process.road.enabled


class TestPrice:
    async def test_counts_from_then_on_for_what_is_submitted_from_then_on(self, process: Process) -> None:
        decisions = process.decisions
        for process.now, prices in ((2000.0, cpr("0.5")), (3000.0, cpr("0.7")), (4000.0, None)):
            await decisions.price("acme/road", prices, "Ada")
        assert process.road is ROAD
        charged = [
            decisions.prices_at(process.road, at).prices[0].price
            for at in (1999.9, 2000.0, 2999.0, 3000.5, 4000.0)
        ]
        assert charged == [Decimal(each) for each in ("0.25", "0.5", "0.5", "0.7", "0.25")]
        assert decisions.prices_at(SEA, 2500.0) is SEA

    async def test_offering_and_prices_go_together(self, process: Process) -> None:
        await process.decisions.price("acme/road", cpr("0.5", size="large"), "Ada")
        await process.decisions.offer("acme/road", False, "Ada")
        assert (process.road.enabled, process.road.cps) == (False, Decimal("0.001"))
        assert process.road.prices == cpr("0.5", size="large").prices

    @pytest.mark.parametrize(
        ("prices", "said"),
        [
            (cpr("-1"), "Rule 1, price: must be a price in US dollars, 0 or more and at most 10000."),
            (cpr("NaN"), "Rule 1, price: must be a price in US dollars, 0 or more and at most 10000."),
            (cpr("1E+60"), "Rule 1, price: must be a price in US dollars, 0 or more and at most 10000."),
            (
                cpr("1", sise="x"),
                "Rule 1, inputs.sise: names no input of this model; its inputs are: prompt, size.",
            ),
            (
                cpr("1", size="huge"),
                "Rule 1, inputs.size: 'huge' is not one of the input's options: small, large.",
            ),
            (PriceList(cps=Decimal(-1)), "cps: must be a price in US dollars, 0 or more and at most 10000."),
            (
                PriceList(
                    cps=Decimal(1),
                    prices=(
                        Price(method="cpr", price=Decimal(1)),
                        Price(method="cpr", price=Decimal(1), extra=Decimal(1)),
                    ),
                ),
                "Rule 2, extra: is for the method cp-pixel only.",
            ),
            (
                PriceList(cps=Decimal(1), prices=(Price(method="cpx", price=Decimal(1)),)),  # type: ignore[arg-type]
                "Rule 1, method: must be one of cpr, cps, cpo, cp-outputVideoLength, cp-promptlength, cp-pixel.",
            ),
            (
                PriceList(cps=Decimal(1), prices=(Price(method="cpr", price="cheap"),)),  # type: ignore[arg-type]
                "Rule 1, price: cannot be read: Invalid decimal string.",
            ),
        ],
    )
    async def test_what_a_manifest_may_not_say_an_operator_may_not_either(
        self, process: Process, prices: PriceList, said: str
    ) -> None:
        with pytest.raises(InvalidInput) as refused:
            await process.decisions.price("acme/road", prices, "Ada")
        assert refused.value.message == said
        assert not process.decisions.made
        assert process.road is ROAD


class TestCast:
    async def test_comes_before_the_settings(self, process: Process) -> None:
        await process.decisions.cast("acme/road", ["two", "one", "two"], "Ada")
        assert (process.players(), process.players(SEA)) == (["two", "one"], ["one", "two"])
        assert process.decisions.configured_cast("acme/road") == ("one", "two")
        await process.decisions.cast("acme/road", [], "Ada")
        assert process.players() == []
        await process.decisions.cast("acme/road", None, "Ada")
        assert process.players() == ["one", "two"]

    async def test_of_engines_that_there_are_and_that_can(self, process: Process) -> None:
        with pytest.raises(
            InvalidInput, match=r"no engine three here; the engines are: one, only_sea, two\."
        ):
            await process.decisions.cast("acme/road", ["one", "three"], "Ada")
        with pytest.raises(
            InvalidInput, match=r"only_sea cannot play acme/road; those that can are: one, two\."
        ):
            await process.decisions.cast("acme/road", ["only_sea"], "Ada")
        await process.decisions.cast("acme/sea", ["only_sea"], "Ada")
        assert process.players(SEA) == ["only_sea"]


class TestHold:
    async def test_a_drained_engine_is_passed_over_and_a_paused_one_waited_for(
        self, process: Process
    ) -> None:
        decisions, one = process.decisions, ENGINES["one"]
        await decisions.hold("one", "paused", "Ada")
        assert decisions.held == {"one": "paused"}
        assert process.cast.choose(ROAD).engine is one
        await decisions.hold("one", "drained", "Ada")
        assert decisions.held == {"one": "drained"}
        choice = process.cast.choose(ROAD)
        assert choice.engine is ENGINES["two"]
        assert [(each.engine, each.reason) for each in choice.tried] == [
            ("one", "An operator has drained it.")
        ]
        shown = {each.name: each for each in process.cast.describe([ROAD])}
        assert (shown["one"].available, shown["one"].remedy) == (False, "Resume it on the page Engines.")
        await decisions.hold("one", None, "Ada")
        assert decisions.held == {}
        assert process.cast.choose(ROAD).engine is one

    async def test_in_a_way_that_there_is(self, process: Process) -> None:
        with pytest.raises(InvalidInput, match="paused or drained"):
            await process.decisions.hold("one", "stopped", "Ada")  # type: ignore[arg-type]

    async def test_to_unload_is_told_by_a_number_that_rises(self, process: Process) -> None:
        assert process.decisions.unloads == {}
        await process.decisions.unload("one", "Ada")
        first = process.decisions.unloads["one"]
        await process.decisions.unload("one", "Ada")
        assert process.decisions.unloads["one"] > first


async def test_what_does_not_exist_is_not_decided_upon(process: Process) -> None:
    decisions = process.decisions
    for refused in (
        decisions.offer("acme/gone", False, "Ada"),
        decisions.price("acme/gone", None, "Ada"),
        decisions.cast("acme", None, "Ada"),
        decisions.hold("gone", None, "Ada"),
        decisions.unload("gone", "Ada"),
    ):
        with pytest.raises(NotFound, match=r"There is no (model|engine) \S+ here\."):
            await refused
    with pytest.raises(NotFound):
        decisions.configured_cast("acme/gone")
    assert not decisions.made


async def test_who_asked_is_told_once_it_is_carried_out(process: Process) -> None:
    heard: list[tuple[bool, int]] = []
    process.decisions.on_change(lambda: heard.append((process.road.enabled, len(process.decisions.standing))))
    await process.decisions.offer("acme/road", False, "Ada")
    await process.decisions.hold("one", "drained", "Ada")
    await process.decisions.refresh()
    assert heard == [(False, 1), (False, 2)]


class TestAfterARestart:
    async def test_everything_still_counts(self, process: Process, store: SqliteStore) -> None:
        before = process.decisions
        await before.offer("acme/sea", False, "Ada")
        await before.price("acme/road", cpr("0.5"), "Ada")
        await before.cast("acme/road", ["two"], "Ada")
        await before.hold("two", "drained", "Ada")
        await before.unload("one", "Ada")
        await before.stop()
        again = await started(Process(store))
        assert again.catalogue.models == process.catalogue.models
        assert (again.players(), again.cast.choose(ROAD).engine) == (["two"], None)
        after = again.decisions
        assert (after.held, after.unloads, after.standing) == (before.held, before.unloads, before.standing)
        assert after.prices_at(again.road, 0.0).prices == ROAD.prices

    async def test_what_names_something_that_is_gone_is_left_out_and_said_once(
        self, process: Process, store: SqliteStore, caplog: pytest.LogCaptureFixture
    ) -> None:
        before = process.decisions
        await before.offer("acme/sea", False, "Ada")
        await before.price("acme/sea", cpr("0.5"), "Ada")
        await before.hold("two", "drained", "Bob")
        await before.unload("two", "Bob")
        await before.cast("acme/road", ["two", "one"], "Bob")
        await before.cast("acme/sea", ["two"], "Bob")
        await before.cast("acme/sea", None, "Bob")
        caplog.set_level(logging.WARNING)
        again = await started(Process(store, (ROAD,), "one"))
        assert (again.players(), again.decisions.held, again.decisions.unloads) == (["one"], {}, {})
        assert caplog.messages == [
            "what Ada has decided (enabled of acme/sea) is not carried out: there is no such model here",
            "what Ada has decided (prices of acme/sea) is not carried out: there is no such model here",
            "what Bob has decided (hold of two) is not carried out: there is no such engine here",
            "what Bob has decided (cast of acme/road) is not carried out: there is no engine two here; the others count",
        ]
        assert list(again.decisions.standing) == [("cast", "acme/road")]
        await again.decisions.offer("acme/road", False, "Ada")
        assert len(caplog.messages) == 4

    async def test_nobody_but_those_that_are_gone_was_cast(
        self, process: Process, store: SqliteStore
    ) -> None:
        await process.decisions.cast("acme/road", ["two"], "Ada")
        assert (await started(Process(store, (ROAD,), "one"))).players() == ["one"], "as the settings say"

    @pytest.mark.parametrize(
        ("kind", "name", "value"),
        [
            ("enabled", "acme/road", "perhaps"),
            ("prices", "acme/road", "{}"),
            ("prices", "acme/road", "cheap"),
            (
                "prices",
                "acme/road",
                '{"cps": "1", "prices": [{"method": "cpr", "price": "1", "inputs": {"gone": "1"}}]}',
            ),
            ("cast", "acme/road", '{"one": 1}'),
            ("hold", "one", "frozen"),
            ("paint", "acme/road", "green"),
        ],
    )
    async def test_what_another_version_wrote_stops_nothing(
        self,
        store: SqliteStore,
        caplog: pytest.LogCaptureFixture,
        kind: DecisionKind,
        name: str,
        value: str,
    ) -> None:
        await store.operating.decide(kind, name, value, "Ada", 1.0)
        process = await started(Process(store))
        assert process.road is ROAD
        assert process.players() == ["one", "two"]
        assert not process.decisions.standing
        (said,) = caplog.messages
        assert f"({kind} of {name}) is not carried out" in said


async def test_nothing_is_looked_for_where_nobody_else_decides(process: Process) -> None:
    asked = []

    async def decisions(beyond: int = 0) -> list[Decision]:
        asked.append(beyond)
        return []

    process.decisions._store.operating.decisions = decisions  # type: ignore[method-assign]
    await process.decisions.announced(ROAD, time.time())
    assert process.decisions._listening is None
    await process.decisions.stop()
    assert not asked
