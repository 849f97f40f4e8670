"""The page of engines, through the front door."""

import html
import re
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from tests.api.served import NOW
from tests.web.operate.furnished import ATTACK, furnished
from tests.web.visiting import House, Markup
from understudy.catalogue.catalogue import Catalogue
from understudy.catalogue.manifest import Model
from understudy.engines.cast import Described
from understudy.engines.engine import Availability, LocalEngine, RemoteEngine
from understudy.tasks.operations.records import EngineReport, ReplicaReport, Report
from understudy.web.shown.engine_cards import engine_cards

PAGE = "/operate/engines"
HOME = LocalEngine(name="home", version="3", pipeline="m:f")
SKETCH = LocalEngine(name="sketch", version="1", pipeline="m:f", preview=True)
FAR = RemoteEngine(
    name="far",
    version="2",
    partner="m:f",
    availability=lambda _: Availability(
        ok=False, reason="It has no key.", remedy="Set api_key in [engine.far]."
    ),
)
CASTING = {"openai/sora-2-pro": ("far", "home", "sketch"), "*": ("sketch",)}


async def reported() -> Report:
    return Report(
        owner="box-1-a",
        at=NOW,
        host="box",
        version="1",
        running={"home": 1},
        replicas=(
            ReplicaReport(
                engine="home", state="busy", pid=41, job="17", since=NOW - 65, runs=5, memory=2_500_000_000
            ),
            ReplicaReport(engine="home", state="idle", pid=42, node="gpu-7", since=NOW - 3),
        ),
        engines=(
            EngineReport(name="home", available=True),
            EngineReport(name="sketch", available=True),
            EngineReport(name="far", available=False, reason="It has no key.", remedy="Set api_key."),
        ),
    )


@pytest.fixture
async def theatre(house: House) -> House:
    return await furnished(house, HOME, SKETCH, FAR, casting=CASTING, own=reported)


def card(page: str, name: str) -> str:
    """The words on one engine's card."""
    (found,) = re.findall(rf'<article [^>]*"engine-{name}">(.*?)</article>', page, re.DOTALL)
    return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", found).split()))


async def test_what_there_is_to_know_of_an_engine(theatre: House) -> None:
    visitor = await theatre.operator()
    for _ in range(3):
        await theatre.served.run()
    page = (await visitor.get(PAGE)).text
    home = card(page, "home")
    for words in (
        "version 3",
        "local",
        "Available",
        "Makes clips on machines of this installation",
        "Plays Sora 2 Pro",
        "Running 1 task",
        "Waiting for its models 3 tasks",
        "Working task 17 1 min ago 5 2.5 GB box , process 41",
        "Ready – just now 0 – gpu-7",
        "Unload",
    ):
        assert words in home
    assert 'href="/operate/tasks/17"' in page
    assert 'href="/operate/models/openai/sora-2-pro"' in page
    far = card(page, "far")
    for words in ("remote", "Not available", "It has no key. What to do Set api_key.", "somebody else's"):
        assert words in far
    assert "Unload" not in far
    sketch = card(page, "sketch")
    assert "previews" in sketch
    assert "Not loaded: the first task loads it." in sketch
    assert "No process that runs tasks has reported" not in page


async def test_what_follows_is_the_part_alone(theatre: House) -> None:
    part = (await (await theatre.operator()).get(f"{PAGE}/now")).text
    assert "<html" not in part
    assert "Waiting for its models" in card(part, "home")


async def test_pausing_draining_and_going_on(theatre: House) -> None:
    visitor = await theatre.operator()
    answer = await visitor.send(f"{PAGE}/hold", engine="home", hold="paused")
    assert (answer.status_code, answer.headers["location"]) == (303, PAGE)
    assert theatre.web.decisions.held == {"home": "paused"}
    home = card((await visitor.get(PAGE)).text, "home")
    assert "Paused by Ada, just now . What runs on it ends; what waits for it goes on waiting." in home
    assert "Resume" in home
    assert "Pause home" not in home
    await visitor.send(f"{PAGE}/hold", engine="home", hold="drained")
    home = card((await visitor.get(PAGE)).text, "home")
    assert "Drained by Ada" in home
    assert "Drain home" not in home
    assert theatre.web.cast.choose(theatre.web.catalogue.models[-1]).engine == SKETCH
    await visitor.send(f"{PAGE}/hold", engine="home", hold="")
    assert theatre.web.decisions.held == {}
    assert "by Ada" not in card((await visitor.get(PAGE)).text, "home")


async def test_unloading(theatre: House) -> None:
    visitor = await theatre.operator()
    await visitor.send(f"{PAGE}/unload", engine="home")
    assert theatre.web.decisions.made[-1].kind == "unload"
    assert "Ada had it unloaded, just now" in card((await visitor.get(PAGE)).text, "home")


@pytest.mark.parametrize(
    ("form", "fields", "status", "words"),
    [
        ("hold", {"engine": "nobody", "hold": "paused"}, 404, "There is no engine &#39;nobody&#39;."),
        ("hold", {"hold": "paused"}, 404, "its name is missing"),
        ("hold", {"engine": "home", "hold": "frozen"}, 400, "can be paused, drained, or let go on"),
        ("unload", {"engine": "far"}, 400, "far is somebody else&#39;s service: nothing of it is loaded"),
        ("unload", {"engine": "<b>"}, 404, "There is no engine &#39;&lt;b&gt;&#39;"),
    ],
)
async def test_what_cannot_be_done(
    theatre: House, form: str, fields: dict[str, str], status: int, words: str
) -> None:
    visitor = await theatre.operator()
    answer = await visitor.send(f"{PAGE}/{form}", **fields)
    assert (answer.status_code, words in answer.text) == (status, True)
    assert theatre.web.decisions.made == ()


@pytest.mark.parametrize("form", ["hold", "unload"])
async def test_a_maker_decides_nothing(theatre: House, form: str) -> None:
    maker = await theatre.maker(theatre.served.owner.project.id)
    answer = await maker.send(f"{PAGE}/{form}", engine="home", hold="paused")
    assert answer.status_code == 403
    assert (await maker.get(PAGE)).status_code == 403
    assert theatre.web.decisions.made == ()


async def test_without_a_process_that_runs_tasks(house: House) -> None:
    theatre = await furnished(house, HOME, SKETCH, FAR, casting=CASTING)
    page = (await (await theatre.operator()).get(PAGE)).text
    assert "No process that runs tasks has reported" in page
    assert "It has no key. What to do Set api_key in [engine.far]." in card(page, "far")


async def test_who_plays_nothing_is_folded_away(house: House) -> None:
    theatre = await furnished(house, HOME, SKETCH, casting={"*": ("sketch",)}, own=reported)
    page = (await (await theatre.operator()).get(PAGE)).text
    assert page.index("<summary>Not cast: home</summary>") < page.index('id="engine-home"')
    assert page.index('id="engine-sketch"') < page.index("<summary>")


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (12, "This engine is retired on {}, in 12 days."),
        (-3, "This engine was to be retired on {}, 3 days ago."),
    ],
)
async def test_an_end_is_announced(house: House, days: int, words: str) -> None:
    day = datetime.fromtimestamp(NOW, UTC).date() + timedelta(days=days)
    theatre = await furnished(house, SKETCH, casting={"*": ("sketch",)}, options={"sketch": {"ends": day}})
    page = (await (await theatre.operator()).get(PAGE)).text
    assert words.format(day) in card(page, "sketch")


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Run `understudy weights pull` now.", "Run <code>understudy weights pull</code> now."),
        ("`<b>`", "<code>&lt;b&gt;</code>"),
        ("One ` alone.", "One ` alone."),
    ],
)
async def test_what_is_marked_as_code_is_code(house: House, said: str, shown: str) -> None:
    away = LocalEngine(
        name="away",
        version="1",
        pipeline="m:f",
        availability=lambda _: Availability(ok=False, reason="No.", remedy=said),
    )
    theatre = await furnished(house, away, casting={"*": ("away",)})
    assert f"</strong> {shown}</p>" in (await (await theatre.operator()).get(PAGE)).text


async def test_what_engines_say_is_text(house: House) -> None:
    hostile = LocalEngine(
        name=ATTACK,
        version=ATTACK,
        pipeline="m:f",
        availability=lambda _: Availability(ok=False, reason=ATTACK, remedy=ATTACK),
    )
    theatre = await furnished(house, hostile, casting={"*": (ATTACK,)})
    visitor = await theatre.operator(name='<b>"Ada"</b>')
    await visitor.send(f"{PAGE}/hold", engine=ATTACK, hold="paused")
    assert theatre.web.decisions.held == {ATTACK: "paused"}
    for path in (
        PAGE,
        f"{PAGE}/now",
        "/operate/models/openai/sora-2-pro",
        "/operate/models",
        "/operate/settings",
    ):
        text = (await visitor.get(path)).text
        assert "alert(1)" in text
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert "<b>" not in text
        assert Markup(text).live == []


def test_processes_that_do_not_agree() -> None:
    """Of each verdict, who says it; of one that all of them share, nobody in particular."""

    def said(host: str, *, available: bool) -> Report:
        engines = (EngineReport(name="home", available=available, reason="" if available else "No card."),)
        return Report(owner=f"{host}-1", at=NOW, host=host, version="1", engines=engines)

    about = Described(
        name="home", version="1", preview=False, available=True, reason="", remedy="", models=("a/b",)
    )

    def verdicts(*reports: Report) -> list[tuple[bool, tuple[str, ...]]]:
        (made,) = engine_cards([about], reports, {}, {}, NOW, datetime.fromtimestamp(NOW, UTC).date())
        states.append(made.state[0])
        return [(each.available, each.hosts) for each in made.verdicts]

    states: list[str] = []
    yes, no, other = said("a", available=True), said("b", available=False), said("c", available=False)
    assert verdicts(yes, no, other) == [(True, ("a",)), (False, ("b", "c"))]
    assert verdicts(no, other) == [(False, ())]
    assert verdicts(yes) == [(True, ())]
    assert states == ["Available in places", "Not available", "Available"]


async def test_an_engine_that_plays_many_models_names_a_few(house: House) -> None:
    models = tuple(Model(owner="acme", slug=f"m{number}") for number in range(15))
    web = msgspec.structs.replace(house.web, catalogue=Catalogue(models, {}))
    few = await furnished(msgspec.structs.replace(house, web=web), SKETCH, casting={"*": ("sketch",)})
    page = (await (await few.operator()).get(PAGE)).text
    assert page.count('href="/operate/models/acme/') == 12
    assert re.search(r'and <a href="/operate/models">3 more</a>', page)
