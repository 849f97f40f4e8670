"""The overview, through the front door."""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from tests.api.served import NOW
from tests.tasks.examples import claimed_by_an_engine
from tests.web.operate.furnished import furnished
from tests.web.visiting import House, Markup
from understudy.tasks import lifecycle
from understudy.tasks.operations.records import (
    CardReport,
    EngineReport,
    ReplicaReport,
    Report,
    Sample,
)
from understudy.tasks.records import Charge, Task
from understudy.tasks.store.asks import Asks
from understudy.tasks.store.browsing import Browsing, TaskFilter
from understudy.testing.instant import engine as instant

PARTS = ("/operate", "/operate/now", "/operate/now/charts", "/operate/now/lists")
MODEL = "openai/sora-2-pro"
ATTACK = "</p><script>alert(1)</script><img src=x onerror=alert(1)>\"'{{7*7}}"


async def taken_up(house: House) -> Task:
    await house.served.run()
    return await claimed_by_an_engine(house.served.parts.store, MODEL, NOW)


async def failed(house: House, reason: str) -> Task:
    task = await taken_up(house)
    done = await house.served.parts.store.apply(task.id, lifecycle.fail(task, NOW - 90, reason))
    assert done is not None
    return done


async def finished(house: House, price: str) -> None:
    store = house.served.parts.store
    task = await taken_up(house)
    started = await store.apply(task.id, lifecycle.advance(task, lifecycle.Status.START, NOW))
    assert started is not None
    charge = Charge(amount=Decimal(price), note="A clip.", prepaid=False)
    assert await store.apply(task.id, lifecycle.finish(started, NOW, pexit="0", charge=charge))


async def sampled(house: House, **fields: Any) -> None:
    sample = Sample(**{"at": NOW - 60, **fields})
    await house.served.parts.store.operating.add_sample(sample, forget_before=0)


async def reporting(house: House, options: Any = None, **fields: Any) -> House:
    report = Report(**{"owner": "north:77:ab", "at": NOW, "host": "north", "version": "1.0"} | fields)

    async def own() -> Report:
        return report

    return await furnished(house, instant, casting={"*": ("instant",)}, own=own, options=options)


def figures(page: str) -> dict[str, str]:
    found = re.findall(
        r"<dt>(?:<a [^>]*>)?([^<]+)(?:</a>)?</dt>\s*<dd class=\"value number\">([^<]*)</dd>", page
    )
    return dict(found)


async def test_a_new_server_is_empty_and_says_so(house: House) -> None:
    house = await reporting(house)
    visitor = await house.operator()
    for span in ("", "?span=hour", "?span=day", "?span=odd"):
        page = (await visitor.get(f"/operate{span}")).text
        assert figures(page) == {
            "Waiting": "0",
            "Running": "0",
            "Clips per hour": "–",
            "Success rate": "No runs",
            "Spend today": "$0.00",
            "Replicas": "0",
        }
        assert "A point is added every minute." in page
        assert "Nothing has failed lately." in page
        assert "A replica starts with the first task that needs it." in page
        assert "nan" not in page.lower().replace("maintenance", "")
        assert "notice" not in page


async def test_figures_are_those_of_the_store(house: House) -> None:
    house = await reporting(house, running={"instant": 1})
    await sampled(house)
    await finished(house, "0.30")
    await finished(house, "0.20")
    await failed(house, "There was no room.")
    await taken_up(house)
    await house.served.run()
    visitor = await house.operator()
    page = (await visitor.get("/operate/now?span=hour")).text
    assert figures(page) == {
        "Waiting": "1",
        "Running": "1",
        "Clips per hour": "2",
        "Success rate": "66.7%",
        "Spend today": "$0.50",
        "Replicas": "0",
    }
    assert "1 on instant" in page
    assert "2 of 3, last hour" in page
    charts = (await visitor.get("/operate/now/charts?span=hour")).text
    assert "In all 2 clips and 1 failure." in charts
    assert "Now 1 waiting and 1 running; at most 1 waiting and 1 running." in charts
    assert "$0.50 so far" in charts


@pytest.mark.parametrize("span", ["hour", "day"])
async def test_charts_tell_the_span(house: House, span: str) -> None:
    house = await reporting(house)
    for minute in range(1, 1440, 7 if span == "day" else 1):
        await sampled(house, at=NOW - NOW % 60 - 60 * minute, queued=minute % 5)
        if minute > 120 and span == "hour":
            break
    visitor = await house.operator()
    page = (await visitor.get(f"/operate?span={span}")).text
    assert re.findall(r'aria-current="true">([^<]+)', page) == [f"Last {span}"]
    assert re.findall(r'data-live="([^"]+)" data-every="3"', page) == [
        f"/operate/now?span={span}",
        f"/operate/now/charts?span={span}",
        "/operate/now/lists",
    ]
    assert page.count('role="img" aria-label="') == 4
    assert page.count("<caption") == 1, "nothing was spent"
    assert len(re.findall(r'<th scope="row" class="what number">', page)) == (12 if span == "hour" else 24)


async def test_a_part_is_what_the_page_shows_at_first(house: House) -> None:
    house = await reporting(house)
    await sampled(house, queued=3)
    visitor = await house.operator()
    page = (await visitor.get("/operate")).text
    for part in PARTS[1:]:
        text = (await visitor.get(part)).text
        assert "<html" not in text
        assert text.strip() in page


async def test_a_chart_changes_with_its_figures_only(house: House) -> None:
    house = await reporting(house)
    await sampled(house, queued=3)
    visitor = await house.operator()
    before = (await visitor.get("/operate/now/charts")).text
    assert (await visitor.get("/operate/now/charts")).text == before
    await house.served.run()
    assert (await visitor.get("/operate/now/charts")).text != before


async def test_the_latest_failures_have_their_reason(house: House) -> None:
    house = await reporting(house)
    tasks = [await failed(house, f"Reason {number}.") for number in range(8)]
    visitor = await house.operator()
    page = (await visitor.get("/operate/now/lists")).text
    assert re.findall(r"Reason (\d)\.", page) == ["7", "6", "5", "4", "3", "2"]
    assert f'href="/operate/tasks/{tasks[-1].id}"' in page
    assert "default" in page
    assert "1 min ago" in page


async def test_replicas_processes_and_cards(house: House) -> None:
    house = await reporting(
        house,
        running={"ovi": 1, "": 2, "animatic": 0},
        replicas=(
            ReplicaReport(
                engine="ovi", state="busy", pid=41, job="12", since=NOW - 65, runs=1234, memory=3_100_000_000
            ),
            ReplicaReport(engine="animatic", state="idle", pid=40, node="south"),
        ),
        cards=(CardReport(name="0", used=61_000_000_000, total=141_000_000_000),),
    )
    visitor = await house.operator()
    page = (await visitor.get("/operate/now/lists")).text
    text = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    assert (
        "animatic process 40 Idle – – south 0 – ovi process 41 Busy 1 min ago #12 north 1 234 3.1 GB" in text
    )
    assert 'href="/operate/tasks/12"' in page
    assert "north 77:ab 1.0 1 on ovi, 2 on no engine just now" in text
    assert '<progress max="141000000000" value="61000000000"' in page
    assert figures((await visitor.get("/operate/now")).text)["Graphics memory"] == "61.0 GB"


async def test_more_replicas_than_a_page_takes(house: House) -> None:
    many = tuple(ReplicaReport(engine="ovi", state="idle", pid=pid + 1) for pid in range(300))
    house = await reporting(house, replicas=many)
    visitor = await house.operator()
    page = (await visitor.get("/operate/now/lists")).text
    assert page.count("Idle") == 50
    assert "And 250 more" in page
    assert figures((await visitor.get("/operate/now")).text)["Replicas"] == "300"


async def test_nobody_takes_up_tasks(house: House) -> None:
    visitor = await house.operator()
    assert "Nothing takes up tasks: start a dispatcher." in (await visitor.get("/operate/now")).text


async def test_what_waits_for_an_engine_that_is_held_or_away(house: House) -> None:
    house = await reporting(house, engines=(EngineReport(name="instant", available=True),))
    visitor = await house.operator()
    await house.served.run()
    assert "1 task waits" not in (await visitor.get("/operate/now")).text
    await house.web.decisions.hold("instant", "paused", by="Ada")
    page = (await visitor.get("/operate/now")).text
    assert f"1 task waits for {MODEL}: instant is paused by an operator." in page
    assert 'href="/operate/engines"' in page
    away = (EngineReport(name="instant", available=False, reason=ATTACK),)
    house = await reporting(house, engines=away)
    await house.web.decisions.hold("instant", None, by="Ada")
    page = (await (await house.operator("Bob")).get("/operate/now")).text
    assert f"1 task waits for {MODEL}: instant is not available" in page


async def test_what_is_going_to_be_retired(house: House) -> None:
    house = await reporting(house, options={"instant": {"ends": "2024-12-30"}})
    visitor = await house.operator()
    page = (await visitor.get("/operate/now")).text
    assert "instant: This engine is retired on 2024-12-30, in 12 days." in page


class Explained:
    """Tells how the rows would be found, in place of finding them."""

    def __init__(self, asks: Asks) -> None:
        self.change = asks.change
        self.plans: list[str] = []
        self._asks = asks

    async def read(self, sql: str, *cells: Any) -> Sequence[Sequence[Any]]:
        if "LIMIT" not in sql:
            return await self._asks.read(sql, *cells)
        self.plans += [str(tuple(row)) for row in await self._asks.read(f"EXPLAIN QUERY PLAN {sql}", *cells)]
        return []


async def test_failures_are_found_without_looking_through_the_others(house: House) -> None:
    explained = Explained(house.served.parts.store.operating._asks)
    await Browsing(explained).look(TaskFilter(stage="failed"), limit=6)
    (plan,) = explained.plans
    assert "USING INDEX tasks_failed (id>? AND id<?)" in plan


@pytest.mark.parametrize("path", PARTS)
async def test_only_operators_see_it(house: House, path: str) -> None:
    assert (await house.visitor().get(path)).headers["location"].startswith("/sign-in")
    maker = await house.maker(house.served.owner.project.id)
    assert (await maker.get(path)).status_code == 403


@pytest.mark.parametrize("path", PARTS)
async def test_what_others_write_is_text(house: House, path: str) -> None:
    house = await reporting(
        house,
        host=ATTACK,
        owner=ATTACK,
        version=ATTACK,
        running={ATTACK: 1},
        replicas=(ReplicaReport(engine=ATTACK, state="busy", job=ATTACK, node=ATTACK),),
        engines=(EngineReport(name="instant", available=False, reason=ATTACK),),
        cards=(CardReport(name=ATTACK, used=1, total=2),),
    )
    await sampled(house, memory=5)
    await house.served.parts.store.change_project(house.served.owner.project.id, name=ATTACK)
    await failed(house, ATTACK)
    await house.served.run()
    visitor = await house.operator()
    text = (await visitor.get(path)).text
    assert Markup(text).live == []
    assert "<script>alert" not in text
    assert "<img" not in text
    assert "alert(1)" in text or path == "/operate/now/charts"
