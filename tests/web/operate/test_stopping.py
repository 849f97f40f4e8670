"""Stopping many tasks at once, through the front door, on the real store."""

import asyncio
import html
import re

import httpx
import pytest

from tests.api.served import NOW
from tests.tasks.examples import claimed_by_an_engine
from tests.web.operate.test_tasks import ATTACK, asked
from tests.web.visiting import House, Markup, Visitor
from understudy.tasks import lifecycle
from understudy.tasks.lifecycle import Status
from understudy.tasks.records import Task
from understudy.web.pages.operate import stopping

STOP = "/operate/tasks/stop"
SORA = "openai/sora-2-pro"


async def offered(visitor: Visitor, query: str = "") -> dict[str, dict[str, str]]:
    """What the page offers: the fields of each form, by its button."""
    text = (await visitor.get(f"{STOP}?{query}")).text
    forms = re.findall(r'<form method="post" action="/operate/tasks/stop.*?</form>', text, re.S)
    return {
        re.sub(r"<[^>]+>", "", re.findall(r"<button.*?</button>", form, re.S)[0]).strip(): fields_of(form)
        for form in forms
    }


def fields_of(form: str) -> dict[str, str]:
    found = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form))
    return {name: html.unescape(value) for name, value in found.items() if name != "form_token"}


async def to_the_end(visitor: Visitor, fields: dict[str, str], query: str = "") -> tuple[str, int]:
    """Confirm, and go on as the page does by itself; what it says at last, and after how many slices."""
    answer = await visitor.send(f"{STOP}?{query}", **fields)
    for slices in range(1, 100):
        assert answer.status_code == 200, answer.text
        if 'id="progress" class="stack" method="post"' not in answer.text:
            (said,) = re.findall(r'<p class="note" role="status">(.*?)</p>', answer.text)
            return said, slices
        assert 'hx-trigger="load, every 5s"' in answer.text
        answer = await next_slice(visitor, fields_of(answer.text), query)
    raise AssertionError("it does not end")


async def next_slice(visitor: Visitor, fields: dict[str, str], query: str) -> httpx.Response:
    headers = {"hx-request": "true", "hx-target": "progress", "x-form-token": visitor.form_token}
    answer = await visitor.client.post(f"{STOP}?{query}", data=fields, headers=headers)
    assert "<html" not in answer.text
    return answer


async def statuses(house: House) -> dict[int, str]:
    found: dict[int, str] = {}
    beyond = 0
    while True:
        look = await house.served.parts.store.browsing.look(
            stopping.TaskFilter(), beyond=beyond, limit=10_000
        )
        found |= {task.id: task.status for task in look.tasks}
        beyond = look.beyond
        if not beyond:
            return found


async def running(house: House, model: str = SORA, at: float = NOW - 1) -> Task:
    """The next one, begun."""
    store = house.served.parts.store
    task = await claimed_by_an_engine(store, model, at)
    engine = {"name": "instant", "version": "1", "preview": True, "tried": []}
    after = await store.apply(task.id, lifecycle.advance(task, Status.START, at, engine=engine))
    assert after is not None
    return after


async def test_thousands_of_one_project_and_nobody_else_s(house: House) -> None:
    visitor = await house.operator()
    other = (await house.served.parts.projects.create("other")).project
    mine = await asyncio.gather(*(asked(house, f"Road {number}.") for number in range(3000)))
    theirs = await asyncio.gather(*(asked(house, project=other.id) for _ in range(300)))
    query = f"project={house.served.owner.project.id}"
    choices = await offered(visitor, query)
    assert list(choices) == ["Stop the 3\u2009000 that wait"]
    late = await asked(house, "Came in after it was confirmed.")
    said, slices = await to_the_end(visitor, *choices.values(), query)
    assert said == "3\u2009000 tasks were stopped."
    assert slices == 3000 // stopping._SLICE + 1
    now = await statuses(house)
    assert {now[int(id)] for id in mine} == {"task_cancel"}
    assert {now[int(id)] for id in [*theirs, late]} == {"task_queue"}
    depth = await house.served.parts.store.depth()
    assert (depth["task_cancel"], depth["task_queue"]) == (3000, 301)


async def test_running_ones_only_if_they_are_meant(house: House) -> None:
    visitor = await house.operator()
    for _ in range(3):
        await asked(house)
    begun = await running(house)
    choices = await offered(visitor)
    assert list(choices) == ["Stop the 2 that wait", "Stop all 3, running ones too"]
    text = (await visitor.get(STOP)).text
    assert "Every task of every project" in text
    assert "Stop 3 tasks, 1 of them in the middle of a run?" in text
    said, _ = await to_the_end(visitor, choices["Stop the 2 that wait"])
    assert said == "2 tasks were stopped."
    assert (await statuses(house))[begun.id] == "task_start"
    choices = await offered(visitor)
    assert list(choices) == ["Stop the 1 that runs"]
    assert (await to_the_end(visitor, choices["Stop the 1 that runs"]))[0] == "1 task was stopped."
    assert set((await statuses(house)).values()) == {"task_cancel"}
    assert await offered(visitor) == {}
    assert "There is nothing to stop." in (await visitor.get(STOP)).text


async def test_what_begins_or_ends_meanwhile_is_no_error(house: House) -> None:
    visitor = await house.operator()
    for _ in range(3):
        await asked(house)
    choices = await offered(visitor)
    begun = await running(house)
    await house.served.parts.store.apply(begun.id + 1, lifecycle.cancel(NOW))
    said, _ = await to_the_end(visitor, choices["Stop the 3 that wait"])
    assert said == "1 task was stopped. The other 2 had begun or ended by then."
    assert (await statuses(house))[begun.id] == "task_start"


async def test_what_begins_meanwhile_is_stopped_where_running_ones_are_meant(house: House) -> None:
    visitor = await house.operator()
    for _ in range(3):
        await asked(house)
    await running(house)
    choices = await offered(visitor)
    await running(house, at=NOW + 5)
    said, _ = await to_the_end(visitor, choices["Stop all 3, running ones too"])
    assert said == "3 tasks were stopped."


@pytest.mark.parametrize("query", ["stage=running", "engine=instant"])
async def test_what_takes_the_places_of_those_that_were_stopped_goes_on(
    house: House, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    monkeypatch.setattr(stopping, "_SLICE", 2)
    visitor = await house.operator()
    for _ in range(9):
        await asked(house)
    # The older ones begin after it was confirmed, so they stand before what is meant.
    first = [await running(house) for _ in range(3)]
    choices = await offered(visitor, query)
    assert list(choices) == ["Stop the 3 that run"]
    later = [await running(house, at=NOW + 1) for _ in range(4)]
    await house.served.parts.store.apply(first[0].id, lifecycle.kill(NOW))
    said, _ = await to_the_end(visitor, choices["Stop the 3 that run"], query)
    assert said == "2 tasks were stopped. The other 1 had ended by then."
    now = await statuses(house)
    assert {now[task.id] for task in first} == {"task_cancel"}
    assert {now[task.id] for task in later} == {"task_start"}
    assert list(now.values()).count("task_queue") == 2


async def test_those_in_front_that_are_not_meant_are_passed_over(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stopping, "_SLICE", 2)
    visitor = await house.operator()
    for _ in range(6):
        await asked(house, model="acme/slow")
    for _ in range(3):
        await asked(house)
    meant = [await running(house) for _ in range(3)]
    choices = await offered(visitor, "stage=running")
    in_front = [await running(house, "acme/slow", at=NOW + 1) for _ in range(6)]
    assert in_front[-1].id < meant[0].id
    said, _ = await to_the_end(visitor, choices["Stop the 3 that run"], "stage=running")
    assert said == "3 tasks were stopped."
    now = await statuses(house)
    assert {now[task.id] for task in in_front} == {"task_start"}


async def test_the_filter_is_said_in_words(house: House) -> None:
    visitor = await house.operator()
    await house.served.parts.projects.create(ATTACK[:60])
    text = (await visitor.get(f"{STOP}?project=2&q={ATTACK}&model={SORA}&since=2024-12-18T09:23")).text
    for words in ("openai/sora-2-pro", "2024-12-18 09:23", "There is nothing to stop."):
        assert words in text
    assert "<script>alert" not in text
    assert Markup(text).live == []
    assert "Every task" not in text


@pytest.mark.parametrize("stage", ["done", "failed", "cancelled"])
async def test_what_is_over_cannot_be_stopped(house: House, stage: str) -> None:
    visitor = await house.operator()
    await asked(house)
    fields = {"number": "1", "upto": "1", "at": str(NOW), "running": "too"}
    for answer in (
        await visitor.get(f"{STOP}?stage={stage}"),
        await visitor.send(f"{STOP}?stage={stage}", **fields),
    ):
        assert answer.status_code == 400
        assert "what is over cannot be stopped" in answer.text
    assert list((await statuses(house)).values()) == ["task_queue"]


@pytest.mark.parametrize("odd", ["project=x", "project=0", "stage=odd", "since=tomorrow", "until=2024-13-45"])
async def test_a_filter_that_is_not_understood_stops_nothing(house: House, odd: str) -> None:
    visitor = await house.operator()
    await asked(house)
    fields = {"number": "1", "upto": "1", "at": str(NOW), "running": "too"}
    for answer in (await visitor.get(f"{STOP}?{odd}"), await visitor.send(f"{STOP}?{odd}", **fields)):
        assert answer.status_code == 400
        assert "is not understood" in answer.text
        assert "<button" not in answer.text.partition("<main")[2]
    assert list((await statuses(house)).values()) == ["task_queue"]


@pytest.mark.parametrize(
    "fields",
    [{}, {"number": "1"}, {"number": "0", "upto": "9", "at": "1"}, {"number": "1", "upto": "9", "at": "now"}],
)
async def test_without_a_number_that_was_confirmed_nothing_is_stopped(
    house: House, fields: dict[str, str]
) -> None:
    visitor = await house.operator()
    await asked(house)
    answer = await visitor.send(STOP, **fields)
    assert answer.status_code == 400
    assert "confirm how many are to be stopped" in answer.text
    assert list((await statuses(house)).values()) == ["task_queue"]


async def test_whoever_watches_and_whoever_is_to_be_told_hears_of_it(house: House) -> None:
    visitor = await house.operator()
    id = int(await asked(house, callback_url="https://studio.example/hook"))
    events = house.served.parts.events
    watcher = events.subscribe(id)
    (fields,) = (await offered(visitor)).values()
    await to_the_end(visitor, fields)
    assert (await watcher.next()).type == "task_cancel"
    assert [each.state for each in await house.served.parts.store.deliveries(id)] == ["waiting"]
