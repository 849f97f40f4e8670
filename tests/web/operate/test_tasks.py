"""The list of all tasks, through the front door."""

import html
import re

import pytest

from tests.api.served import NOW
from tests.tasks.examples import claimed_by_an_engine, new_task
from tests.web.visiting import House, Markup, Visitor
from understudy.tasks import lifecycle
from understudy.tasks.lifecycle import Status
from understudy.tasks.store import browsing
from understudy.web.pages.operate import tasks as page

LIST = "/operate/tasks"
ATTACK = "</select></script><script>alert(1)</script><img src=x onerror=alert(1)>\"'"


async def asked(house: House, prompt: str = "A road.", *, project: int = 0, **fields: object) -> str:
    owner = project or house.served.owner.project.id
    given = {"values": {"prompt": prompt}, "created": NOW, "model": "openai/sora-2-pro", **fields}
    task, _ = await house.served.parts.store.submit(new_task(owner, **given))
    return str(task.id)


async def listed(visitor: Visitor, query: str = "") -> list[str]:
    answer = await visitor.get(f"{LIST}?{query}")
    assert answer.status_code == 200
    return re.findall(r'id="task-(\d+)"', answer.text)


async def test_it_shows_tasks_of_all_projects(house: House) -> None:
    visitor = await house.operator()
    other = (await house.served.parts.projects.create("Studio <b>9</b>")).project
    first = await asked(house, "A road at dawn.")
    second = await asked(house, "A koala.", project=other.id)
    text = (await visitor.get(LIST)).text
    assert re.findall(r'id="task-(\d+)"', text) == [second, first]
    for words in (
        "A road at dawn.",
        "A koala.",
        "Studio &lt;b&gt;9&lt;/b&gt;",
        "openai/sora-2-pro",
        "Waiting",
    ):
        assert words in text


async def test_every_filter(house: House) -> None:
    visitor = await house.operator()
    store = house.served.parts.store
    other = (await house.served.parts.projects.create("other")).project
    done = await asked(house, "The first one.")
    task = await claimed_by_an_engine(store, "openai/sora-2-pro", NOW)
    engine = {"name": "instant", "version": "1", "preview": True, "tried": []}
    started = await store.apply(task.id, lifecycle.advance(task, Status.START, NOW, engine=engine))
    assert started is not None
    assert await store.apply(task.id, lifecycle.finish(started, NOW + 2, pexit="0", cost="0.5"))
    later = await asked(house, "A koala.", project=other.id, model="google/veo3-1", created=NOW + 7200)
    whole = await store.task(int(later))
    assert whole is not None
    text = (await visitor.get(f"{LIST}?stage=done")).text
    assert ("2.0 s" in text, "$0.50" in text, "preview</span>" in text) == (True, True, True)
    for query, found in {
        "": [later, done],
        f"project={other.id}": [later],
        "model=openai/sora-2-pro": [done],
        "engine=instant": [done],
        "engine=inst": [],
        "stage=done": [done],
        "stage=waiting": [later],
        "stage=failed": [],
        "q=KOALA": [later],
        f"q={done}": [done],
        f"q={whole.token}": [later],
        # NOW is 2024-12-18T09:23:27Z.
        "since=2024-12-18T10:00": [later],
        "since=2024-12-18T09:23": [later, done],
        "until=2024-12-18T10:00": [done],
        "until=2024-12-18": [later, done],
        "until=2024-12-17": [],
        f"q=koala&project={house.served.owner.project.id}": [],
    }.items():
        assert await listed(visitor, query) == found, query


async def test_the_filter_is_in_the_address_and_filled_in_again(house: House) -> None:
    visitor = await house.operator()
    query = "q=a+%22b%22&project=1&model=no%2Fmodel&engine=gone&stage=failed&since=2024-12-18T05%3A36"
    text = (await visitor.get(f"{LIST}?{query}")).text
    for part in (
        'value="a &#34;b&#34;"',
        '<option value="1" selected>',
        "<option selected>no/model</option>",
        "<option selected>gone</option>",
        '<option value="failed" selected>',
        'value="2024-12-18T05:36"',
    ):
        assert part in text
    assert "Stop all that fit" not in text, "what failed cannot be stopped"
    assert f'data-live="{html.escape(f"{LIST}/now?{query}")}"' in text


async def test_pages_by_what_lies_beyond(house: House) -> None:
    visitor = await house.operator()
    ids = [await asked(house, f"Road {number}.") for number in range(60)]
    answer = await visitor.get(f"{LIST}?q=road")
    assert re.findall(r'id="task-(\d+)"', answer.text) == ids[:9:-1]
    (older,) = re.findall(r'id="older" href="([^"]+)"', answer.text)
    await asked(house, "Road new.")
    text = (await visitor.get(html.unescape(older))).text
    assert re.findall(r'id="task-(\d+)"', text) == ids[9::-1], "what comes in moves nothing"
    assert 'id="older"' not in text
    assert f'id="newest" href="{html.escape("/operate/tasks?q=road")}"' in text
    (live,) = re.findall(r'data-live="([^"]+)"', text)
    part = (await visitor.get(html.unescape(live))).text
    assert re.findall(r'id="task-(\d+)"', part) == ids[9::-1]
    assert "<html" not in part


async def test_a_filter_that_fits_little_looks_so_far_and_says_so(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browsing, "LOOKED_THROUGH", 3)
    visitor = await house.operator()
    old = await asked(house, "An old one.")
    for _ in range(4):
        await asked(house)
    text = (await visitor.get(f"{LIST}?q=old")).text
    assert "Nothing among the 3 tasks that were looked through." in text
    assert "No task fits" not in text
    (on,) = re.findall(r'id="older" href="([^"]+)">Go on looking', text)
    assert re.findall(r'id="task-(\d+)"', (await visitor.get(html.unescape(on))).text) == [old]


async def test_only_the_list_is_answered_where_only_the_list_is_wanted(house: House) -> None:
    visitor = await house.operator()
    id = await asked(house)
    part = await visitor.get(f"{LIST}?q=road", headers={"hx-request": "true", "hx-target": "found"})
    assert re.findall(r'id="task-(\d+)"', part.text) == [id]
    assert "<html" not in part.text
    back = await visitor.get(f"{LIST}?q=road", headers={"hx-request": "true"})
    assert "<html" in back.text, "what restores a page wants all of it"


async def test_many_projects_are_named_by_number(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    visitor = await house.operator()
    other = (await house.served.parts.projects.create("other")).project
    assert '<select name="project">' in (await visitor.get(LIST)).text
    monkeypatch.setattr(page, "_PROJECTS_TO_CHOOSE_FROM", 1)
    assert '<input name="project"' in (await visitor.get(f"{LIST}?project={other.id}")).text


@pytest.mark.parametrize(
    "odd",
    [
        "project=x",
        "stage=odd",
        "since=tomorrow",
        "until=99999-01-01T00:00",
        "beyond=-1",
        "beyond=" + "9" * 40,
    ],
)
async def test_what_makes_no_sense_does_not_matter(house: House, odd: str) -> None:
    visitor = await house.operator()
    id = await asked(house)
    assert await listed(visitor, odd) == [id]


async def test_what_users_write_is_text(house: House) -> None:
    visitor = await house.operator()
    other = (await house.served.parts.projects.create(ATTACK[:60])).project
    await asked(house, ATTACK, project=other.id)
    for path in (LIST, f"{LIST}?q={ATTACK}&engine={ATTACK}&model={ATTACK}&since={ATTACK}"):
        text = (await visitor.get(path)).text
        assert "<script>alert" not in text
        assert Markup(text).live == []


async def test_others_see_nothing_of_it(house: House) -> None:
    id = await asked(house)
    maker = await house.maker(house.served.owner.project.id)
    for path in (LIST, f"{LIST}/now", f"{LIST}/{id}", f"{LIST}/{id}/log", f"{LIST}/stop"):
        assert (await maker.get(path)).status_code == 403
        assert (await house.visitor().get(path)).status_code == 303
