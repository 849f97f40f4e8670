"""The page of settings, through the front door."""

import re
from pathlib import Path

import pytest

from tests.web.operate.furnished import ATTACK, furnished
from tests.web.visiting import House, Markup
from understudy.assembly.answering import settings_shown
from understudy.config.settings import Settings
from understudy.engines.engine import LocalEngine

PAGE = "/operate/settings"
HOME = LocalEngine(name="home", version="1", pipeline="m:f")
SETTINGS = Settings(
    data=Path("/srv/understudy"),
    database="postgresql://ada:hunter2@db/understudy",
    secret_key="hunter2",
    storage="s3://ada:hunter2@bucket/prefix",
    port=9,
    engine={"home": {"api_key": "hunter2", "base_url": "https://ada:hunter2@box", "note": ATTACK}},
    origins={"port": "flag", "engine": "file"},
)
SHOWN = settings_shown(SETTINGS)


@pytest.fixture
async def theatre(house: House) -> House:
    return await furnished(house, HOME, casting={"*": ("home",)}, settings=SHOWN)


def keys(page: str) -> list[str]:
    return re.findall(r'<th scope="row" class="what"><code>([^<]+)</code>', page)


async def test_every_setting_with_its_origin_and_no_secret(theatre: House) -> None:
    page = (await (await theatre.operator()).get(PAGE)).text
    assert sorted(keys(page)) == sorted(row.key for row in SHOWN)
    assert len(set(re.findall(r'<h2 id="section-([^"]+)"', page))) == page.count('<h2 id="section-')
    rows = {
        re.findall(r"<code>([^<]+)</code>", row)[0]: row for row in page.split("<tr")[1:] if "<code>" in row
    }
    assert '<span class="badge live">flag</span>' in rows["server.port"]
    assert "UNDERSTUDY_PORT" in rows["server.port"]
    assert "Port to listen on" in rows["server.port"]
    assert 'class="as-shipped"' in rows["server.host"]
    assert '<span class="badge">default</span>' in rows["server.host"]
    assert "hunter2" not in page
    assert "s3://***@bucket/prefix" in page
    assert "<code>***</code>" in rows["database"]
    assert "<script>alert" not in page
    assert Markup(page).live == []


async def test_settings_are_found_by_what_they_say(theatre: House) -> None:
    visitor = await theatre.operator()
    assert keys((await visitor.get(f"{PAGE}?q=UNDERSTUDY_PORT")).text) == ["server.port"]
    part = await visitor.get(f"{PAGE}?q=listen+on", headers={"hx-target": "found"})
    assert keys(part.text) == ["server.host", "server.port"]
    assert "<html" not in part.text
    nothing = (await visitor.get(f"{PAGE}?q={ATTACK}")).text
    assert "No setting fits." in nothing
    assert "<script>alert" not in nothing
    assert keys((await visitor.get(f"{PAGE}?q=hunter2")).text) == [], "nor does a search tell"


async def test_what_stands_over_the_settings_can_be_taken_back(theatre: House) -> None:
    visitor = await theatre.operator()
    assert "Decided while running" not in (await visitor.get(PAGE)).text
    decisions, sora = theatre.web.decisions, "openai/sora-2-pro"
    await decisions.offer(sora, False, "Ada")
    await decisions.cast(sora, ["home"], "Ada")
    await decisions.price(sora, None, "Ada")
    await decisions.unload("home", "Ada")
    await decisions.hold("home", "paused", "<i>Bob</i>")
    page = (await visitor.get(PAGE)).text
    listed = page[page.index("Decided while running") : page.index("Search the settings")]
    assert re.findall(r'class="what"><a href="([^"]+)"', listed) == [
        "/operate/engines#engine-home",
        f"/operate/models/{sora}",
        f"/operate/models/{sora}",
    ]
    assert re.findall(r'data-label="Decision">([^<]+)<', listed) == ["Paused", "Cast: home", "Not offered"]
    assert re.findall(r'data-label="By">([^<]+)<', listed) == ["&lt;i&gt;Bob&lt;/i&gt;", "Ada", "Ada"]
    for kind, name in (("hold", "home"), ("cast", sora), ("enabled", sora)):
        answer = await visitor.send(f"{PAGE}/back", kind=kind, name=name)
        assert (answer.status_code, answer.headers["location"]) == (303, PAGE)
        assert (kind, name) not in decisions.standing
        assert decisions.made[-1].by == "Ada"
    assert "Decided while running" not in (await visitor.get(PAGE)).text


@pytest.mark.parametrize(
    ("kind", "name", "status", "words"),
    [
        ("unload", "home", 400, "cannot be taken back"),
        ("", "", 400, "cannot be taken back"),
        ("hold", "nobody", 404, "There is no engine nobody here."),
        ("cast", "no/model", 404, "There is no model no/model here."),
    ],
)
async def test_what_cannot_be_taken_back(
    theatre: House, kind: str, name: str, status: int, words: str
) -> None:
    answer = await (await theatre.operator()).send(f"{PAGE}/back", kind=kind, name=name)
    assert (answer.status_code, words in answer.text) == (status, True)


async def test_a_maker_sees_no_settings(theatre: House) -> None:
    maker = await theatre.maker(theatre.served.owner.project.id)
    await theatre.web.decisions.hold("home", "paused", "Ada")
    for answer in (await maker.get(PAGE), await maker.send(f"{PAGE}/back", kind="hold", name="home")):
        assert answer.status_code == 403
        assert "server.port" not in answer.text
    assert theatre.web.decisions.held == {"home": "paused"}
