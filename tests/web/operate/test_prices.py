"""The pages of prices and casts, through the front door."""

import re
from decimal import Decimal

import pytest

from tests.api.served import NOW, PROMPT, SORA
from tests.tasks.store.contract import claim
from tests.web.operate.furnished import furnished
from tests.web.visiting import House, Visitor
from understudy.catalogue.manifest import Input, Model, Price
from understudy.engines.engine import Availability, LocalEngine
from understudy.tasks import lifecycle
from understudy.web.shown.decision_words import what
from understudy.web.shown.price_words import in_words, read_prices, rules_of

LIST = "/operate/models"
PAGE = "/operate/models/openai/sora-2-pro"
FIRST = LocalEngine(
    name="first",
    version="1",
    pipeline="m:f",
    availability=lambda _: Availability(ok=False, reason="It has no weights."),
)
SECOND = LocalEngine(name="second", version="1", pipeline="m:f", preview=True)
THIRD = LocalEngine(name="third", version="1", pipeline="m:f")
OTHER = LocalEngine(name="other", version="1", pipeline="m:f", plays=lambda _: False)
PRICES = {"price-0": "0.30", "price-1": "0.70", "cps": "0.000585"}


@pytest.fixture
async def theatre(house: House) -> House:
    return await furnished(house, FIRST, SECOND, THIRD, OTHER, casting={"*": ("first", "second")})


def value(page: str, field: str) -> str:
    (found,) = re.findall(rf'<input id="{field}" name="{field}" value="([^"]*)"', page)
    return str(found)


def chosen(page: str) -> list[str]:
    """What the selects of the cast say."""
    selects = re.findall(r'<select name="engine".*?</select>', page, re.DOTALL)
    return [name for each in selects for name in re.findall(r'<option value="([^"]+)" selected', each)]


async def cast(visitor: Visitor, *names: str) -> tuple[int, str]:
    """Send the form of the cast; its selects have one name."""
    answer = await visitor.client.post(
        f"{PAGE}/cast", data={"form_token": visitor.form_token, "engine": [*names, ""]}
    )
    return answer.status_code, answer.text


async def test_the_list_has_every_model(theatre: House) -> None:
    visitor = await theatre.operator()
    for _ in range(4):
        await theatre.served.run()
    task = (await theatre.served.tasks())[0]
    await theatre.web.store.apply(task.id, lifecycle.cancel(NOW, "Stopped."))
    await claim(theatre.web.store, "me", "openai/sora-2-pro", at=NOW, until=NOW + 60)
    await theatre.web.decisions.offer("google/veo3-1", False, "Ada")
    page = (await visitor.get(LIST)).text
    assert re.findall(r'href="/operate/models/([^"]+)"', page) == [
        "chetwinlow1/ovi",
        "google/veo3-1",
        "openai/sora-2-pro",
    ]
    assert re.findall(r'aria-checked="(\w+)"', page) == ["true", "false", "true"]
    for words in (
        "$0.000585 per second of work",
        "$0.20 to $0.40 per second of clip",
        "would play now, a preview",
    ):
        assert words in page
    assert re.findall(r'data-label="Waiting">(\d+)<', page) == ["0", "0", "2"]
    assert re.findall(r'data-label="Running">(\d+)<', page) == ["0", "0", "1"]
    figures = re.findall(r'<dd class="value number">(.*?)</dd>', (await visitor.get(PAGE)).text)
    assert figures[:3] == ["2", "1", "1"]


async def test_what_is_off_is_offered_to_nobody(theatre: House) -> None:
    visitor = await theatre.operator()
    maker = await theatre.maker(theatre.served.owner.project.id)
    id, _ = await theatre.served.run()
    answer = await visitor.send(f"{PAGE}/offer", offered="no")
    assert (answer.status_code, answer.headers["location"]) == (303, PAGE)
    assert "Sora 2 Pro" not in (await maker.get("/")).text
    assert (await maker.get("/models/openai/sora-2-pro")).status_code == 404
    assert (await maker.ask(SORA, json=PROMPT)).json()["result"] is False
    assert (await theatre.served.post(SORA, PROMPT)).json()["result"] is False
    (task,) = await theatre.served.tasks()
    assert (str(task.id), task.status) == (id, "task_queue")
    page = (await visitor.get(PAGE)).text
    assert 'aria-checked="false"' in page
    assert "What waits already is still played." in page
    assert "Decided by Ada" in page
    answer = await visitor.send(f"{PAGE}/offer", offered="yes", **{"from": "list"})
    assert answer.headers["location"] == LIST
    assert (await maker.ask(SORA, json=PROMPT)).json()["result"] is True
    await visitor.send(f"{PAGE}/offer", offered="manifest")
    assert theatre.web.decisions.standing == {}
    assert "Decided by" not in (await visitor.get(PAGE)).text


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("0.35", "0.35"),
        ("0.000000000001", "0.000000000001"),
        ("9999.123456789012", "9999.123456789012"),
        ("$ 2", "2.00"),
        (".5", "0.50"),
        ("0", "0.00"),
    ],
)
async def test_a_price_survives_with_every_digit(theatre: House, written: str, shown: str) -> None:
    visitor = await theatre.operator()
    answer = await visitor.send(f"{PAGE}/prices", **(PRICES | {"price-1": written, "cps": written}))
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PAGE}#prices")
    page = (await visitor.get(PAGE)).text
    assert [value(page, field) for field in ("price-0", "price-1", "cps")] == ["0.30", shown, shown]
    assert page.count("The manifest says: $0.") == 2
    assert "tasks submitted before keep their price" in page
    model = theatre.web.catalogue.find("openai", "sora-2-pro")
    assert model is not None
    amount = Decimal(written.strip("$ "))
    assert ([rule.price for rule in model.prices], model.cps) == ([Decimal("0.30"), amount], amount)
    await visitor.send(f"{PAGE}/prices", **{"as": "manifest"})
    assert value((await visitor.get(PAGE)).text, "price-1") == "0.70"
    assert theatre.web.decisions.standing == {}


@pytest.mark.parametrize(
    "written",
    [
        "",
        "0,40",
        "-1",
        "1e3",
        "NaN",
        "Infinity",
        "1234567890123",
        "0.0000000000001",
        "a lot",
        "٣",
        "<b>",
        "1.",
        ".",
    ],
)
async def test_a_price_that_is_none(theatre: House, written: str) -> None:
    visitor = await theatre.operator()
    answer = await visitor.send(f"{PAGE}/prices", **(PRICES | {"price-0": "0.99", "price-1": written}))
    assert answer.status_code == 400
    assert re.findall(r'id="([\w-]+)-wrong">Write an amount in US dollars', answer.text) == ["price-1"]
    assert re.findall(r'<input id="([\w-]+)"[^>]*aria-invalid', answer.text) == ["price-1"]
    assert value(answer.text, "price-0") == "0.99", "what was written is still there"
    assert "<b>" not in answer.text
    assert theatre.web.decisions.made == ()


async def test_a_price_that_is_too_high(theatre: House) -> None:
    visitor = await theatre.operator()
    answer = await visitor.send(f"{PAGE}/prices", **(PRICES | {"price-1": "10000.01", "cps": "99999"}))
    assert answer.status_code == 400
    found = re.findall(
        r'id="([\w-]+)-wrong">This must be a price in US dollars, 0 or more and at most', answer.text
    )
    assert found == ["price-1", "cps"]


async def test_prices_that_are_as_they_were_decide_nothing(theatre: House) -> None:
    visitor = await theatre.operator()
    assert (await visitor.send(f"{PAGE}/prices", **PRICES)).status_code == 303
    assert (await cast(visitor, "first", "second"))[0] == 303
    assert theatre.web.decisions.made == ()


async def test_the_order_of_a_cast(theatre: House) -> None:
    visitor = await theatre.operator()
    page = (await visitor.get(PAGE)).text
    assert chosen(page) == ["first", "second"]
    assert 'data-reason="It has no weights."' in page
    assert ">second (preview)<" in page
    assert "other" not in re.findall(r'<option value="([^"]+)"', page), "it cannot play the model"
    for order in (["third", "first"], ["second"], ["first", "third", "second"]):
        assert (await cast(visitor, *order))[0] == 303
        page = (await visitor.get(PAGE)).text
        assert chosen(page) == order
        assert "The settings say: first, then second." in page
    assert 'href="/operate/engines#engine-third"' in page
    await visitor.send(f"{PAGE}/cast", **{"as": "settings"})
    assert chosen((await visitor.get(PAGE)).text) == ["first", "second"]
    assert theatre.web.decisions.standing == {}


async def test_a_player_that_is_paused_is_named_so(theatre: House) -> None:
    visitor = await theatre.operator()
    await theatre.web.decisions.hold("second", "paused", "Ada")
    await theatre.web.decisions.hold("third", "drained", "Ada")
    page = (await visitor.get(PAGE)).text
    assert "It is paused: tasks wait until it is resumed." in page
    assert ">second (preview): paused<" in page
    assert ">third: drained<" in page
    assert (await visitor.get(LIST)).text.count("paused: tasks wait") == 3


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ([], "Choose at least one engine. If nobody is to play the model, switch it off."),
        (["second", "second"], "second is there twice: choose each engine once."),
        (["second", "nobody"], "There is no engine nobody here"),
        (["other"], "other cannot play openai/sora-2-pro"),
        (["<script>alert(1)</script>"], "There is no engine &lt;script&gt;"),
    ],
)
async def test_a_cast_that_is_none(theatre: House, names: list[str], words: str) -> None:
    status, page = await cast(await theatre.operator(), *names)
    assert status == 400
    assert words in re.findall(r'id="cast-wrong" role="alert">(.*?)</p>', page)[0]
    assert theatre.web.decisions.made == ()


async def test_who_decided_what_and_when(theatre: House) -> None:
    visitor, other = await theatre.operator(), await theatre.operator("<i>Bob</i>")
    await visitor.send(f"{PAGE}/prices", **(PRICES | {"price-0": "0.35"}))
    await cast(other, "third", "second")
    await other.send(f"{PAGE}/offer", offered="no")
    await visitor.send(f"{PAGE}/cast", **{"as": "settings"})
    await theatre.web.decisions.offer("google/veo3-1", False, "Somebody")
    page = (await visitor.get(PAGE)).text
    history = page[page.index('class="history"') :]
    assert re.findall(r"<li><p>(.*?)</p>", history) == [
        "Cast as in the settings",
        "Not offered",
        "Cast: third, then second",
        "Prices: $0.35 to $0.70 per second of clip",
    ]
    assert re.findall(r'class="hint">(\S+), <time', history) == [
        "Ada",
        "&lt;i&gt;Bob&lt;/i&gt;",
        "&lt;i&gt;Bob&lt;/i&gt;",
        "Ada",
    ]


async def test_a_decision_of_another_version(theatre: House) -> None:
    operating = theatre.web.store.operating
    for kind, written in (("prices", '"free"'), ("cast", "{}"), ("colour", "red")):
        await operating.decide(kind, "openai/sora-2-pro", written, "Ada", NOW)  # type: ignore[arg-type]
    await theatre.web.decisions.refresh()
    assert (await (await theatre.operator()).get(PAGE)).status_code == 200
    assert [what(each) for each in theatre.web.decisions.made] == [
        "Something that this version cannot read",
        "Something that this version cannot read",
        "Something that this version does not know",
    ]


@pytest.mark.parametrize("form", ["offer", "prices", "cast"])
async def test_a_maker_decides_nothing(theatre: House, form: str) -> None:
    maker = await theatre.maker(theatre.served.owner.project.id)
    answer = await maker.send(f"{PAGE}/{form}", offered="no", engine="third", **(PRICES | {"cps": "9"}))
    assert answer.status_code == 403
    assert theatre.web.decisions.made == ()


@pytest.mark.parametrize("form", ["", "/offer", "/prices", "/cast"])
async def test_a_model_that_is_none(theatre: House, form: str) -> None:
    visitor = await theatre.operator()
    path = f"/operate/models/nobody/nothing{form}"
    answer = await (visitor.send(path) if form else visitor.get(path))
    assert (answer.status_code, "There is no such model." in answer.text) == (404, True)


async def test_an_offer_that_makes_no_sense(theatre: House) -> None:
    answer = await (await theatre.operator()).send(f"{PAGE}/offer", offered="perhaps")
    assert (answer.status_code, "Say whether the model is offered" in answer.text) == (400, True)


METHODS = Model(
    owner="acme",
    slug="all",
    inputs=(Input(id="size", type="text", label="Size"), Input(id="fast", type="text")),
    prices=(
        Price(method="cpr", price=Decimal("1")),
        Price(method="cps", price=Decimal("0.1"), inputs={"size": "big", "fast": "true"}),
        Price(method="cpo", price=Decimal("2.5"), inputs={"fast": ""}),
        Price(method="cp-promptlength", price=Decimal("1E-12")),
        Price(method="cp-pixel", price=Decimal("3"), extra=Decimal("0.5")),
        Price(method="cp-pixel", price=Decimal("3")),
    ),
)


def test_rules_in_words() -> None:
    rules = rules_of(METHODS, METHODS, {})
    assert [rule.when for rule in rules[:3]] == ["", "Size is big and fast is true", "fast is empty"]
    assert [(rule.unit, rule.price, rule.extra) for rule in rules] == [
        ("per request", "1.00", None),
        ("per second of work", "0.10", None),
        ("per file that is made", "2.50", None),
        ("per character of the prompt", "0.000000000001", None),
        ("for the first 1024 × 1024 pixels", "3.00", "0.50"),
        ("for the first 1024 × 1024 pixels", "3.00", ""),
    ]
    assert in_words(METHODS.prices[:2], METHODS.cps) == "$1.00 per request, $0.10 per second of work"


def test_the_price_of_further_pixels_may_be_left_out() -> None:
    form = {f"price-{index}": "1" for index in range(6)} | {"cps": "0", "extra-4": " ", "extra-5": "0.25"}
    prices, wrong = read_prices(METHODS, form)
    assert wrong == {}
    assert [rule.extra for rule in prices.prices[4:]] == [None, Decimal("0.25")]
    assert set(read_prices(METHODS, form | {"extra-4": "x", "price-0": ""})[1]) == {"extra-4", "price-0"}
