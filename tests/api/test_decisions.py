"""What operators decide about models, as clients of every dialect see it: exactly as if the manifest said so."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.api.google.talk import DEVELOPER, key, predict
from tests.api.openai_videos.asking import ask, parts
from tests.api.served import CATALOGUE, NOW, Served, serving
from tests.web.visiting import open_house
from understudy.catalogue.catalogue import Catalogue
from understudy.catalogue.manifest import Model, Price
from understudy.engines.cast import Cast
from understudy.tasks.operations.decisions import Decisions, PriceList

VEO = "google/veo3-1"
RULE = Price(method="cp-outputVideoLength", price=Decimal("1.5"), inputs={"resolution": "1080p"})
PRICES = PriceList(prices=(RULE, Price(method="cpr", price=Decimal("0.125"))), cps=Decimal("0.002"))

Views = dict[str, tuple[int, Any]]


def manifest() -> Model:
    found = CATALOGUE.named(VEO)
    assert found is not None
    return found


@asynccontextmanager
async def with_manifest(folder: Path, **changes: Any) -> AsyncIterator[Served]:
    """A server whose manifest of the model says something else."""
    folder.mkdir()
    changed = msgspec.structs.replace(manifest(), **changes)
    models = [changed if model.address == VEO else model for model in CATALOGUE.models]
    async with serving(folder, catalogue=Catalogue(models, {})) as served:
        yield served


def decisions(served: Served) -> Decisions:
    return Decisions(served.parts.store, served.parts.catalogue, Cast({}, {}), lambda: NOW)


async def lists(served: Served) -> Views:
    """Everything that shows models, by what is asked for."""
    owner, slug = VEO.split("/")
    client, signed = served.client, served.headers()
    posted = {
        "Tool/List": {},
        "Tool/List of the owner": {"slugowner": owner},
        "Tool/Detail": {"slugowner": owner, "slugproject": slug},
        "Tool/Explore": {},
    }
    answers = {
        name: await client.post(f"/v1/{name.split()[0]}", json=fields, headers=signed)
        for name, fields in posted.items()
    }
    for path in ("/", "/openapi.json", f"/models/{VEO}/llms.txt"):
        answers[path] = await client.get(path)
    for path in ("/v1/models", f"/v1/models/{VEO}", "/v1/models/veo-3.1-generate-preview"):
        answers[f"OpenAI {path}"] = await ask(served, "GET", path)
    for path in ("/v1beta/models", f"/v1beta/{DEVELOPER}"):
        answers[f"Google {path}"] = await client.get(path, headers=key(served))
    return {
        name: (
            answer.status_code,
            answer.json() if "json" in answer.headers["content-type"] else answer.text,
        )
        for name, answer in answers.items()
    }


async def runs(served: Served) -> Views:
    """A run of the model, in every dialect."""
    fields = {"prompt": "A road."}
    answers = {
        "Run": await served.post(f"/v1/Run/{VEO}", fields),
        "OpenAI": await ask(served, "POST", "/v1/videos", files=parts(fields | {"model": VEO})),
        "OpenAI alias": await ask(
            served, "POST", "/v1/videos", files=parts(fields | {"model": "veo-3.1-generate-preview"})
        ),
        "Google": await predict(served),
        "Google alias": await predict(served, DEVELOPER),
    }
    return {name: (answer.status_code, answer.json()) for name, answer in answers.items()}


async def test_a_model_is_off_and_on_again_everywhere(served: Served, tmp_path: Path) -> None:
    decided, before = decisions(served), await lists(served)
    assert {status for status, _ in before.values()} == {200}
    async with with_manifest(tmp_path / "other", enabled=False) as other:
        expected = await lists(other), await runs(other)
    await decided.offer(VEO, False, "Ada")
    assert (await lists(served), await runs(served)) == expected
    assert not await served.tasks()
    assert all(now != before[name] for name, now in expected[0].items())
    await decided.offer(VEO, None, "Ada")
    assert await lists(served) == before
    assert {status for status, _ in (await runs(served)).values()} == {200}
    assert len(await served.tasks()) == 5


async def test_a_price_is_new_everywhere_and_old_again(served: Served, tmp_path: Path) -> None:
    decided, before = decisions(served), await lists(served)
    async with with_manifest(tmp_path / "other", prices=PRICES.prices, cps=PRICES.cps) as other:
        expected = await lists(other)
    await decided.price(VEO, PRICES, "Ada")
    now = await lists(served)
    assert now == expected
    assert now["Tool/Detail"] != before["Tool/Detail"]
    tool = now["Tool/Detail"][1]["tool"][0]
    assert '"price":1.5' in str(tool)
    assert "0.002" in str(tool)
    await decided.price(VEO, None, "Ada")
    assert await lists(served) == before


async def test_a_task_shows_what_a_second_of_work_cost_when_it_was_asked_for(served: Served) -> None:
    decided = decisions(served)
    for prices in (None, PRICES):
        await decided.price(VEO, prices, "Ada")
        await served.post(f"/v1/Run/{VEO}", {"prompt": "A road."})
    later, earlier = await served.tasks()
    assert (earlier.cps, later.cps) == ("0.000585000000", "0.002000000000")
    shown = [
        (await served.post("/v1/Task/Detail", {"taskid": str(task.id)})).json()["tasklist"][0]["cps"]
        for task in (earlier, later)
    ]
    assert shown == ["0.000585000000", "0.002000000000"]


@pytest.mark.parametrize("offered", [True, False])
async def test_other_models_stay_as_they_are(served: Served, offered: bool) -> None:
    sora = served.parts.catalogue.named("openai/sora-2-pro")
    await decisions(served).offer(VEO, offered, "Ada")
    assert served.parts.catalogue.named("sora-2-pro") is sora


async def test_the_dashboard_says_the_same(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        decided, maker = house.web.decisions, await house.maker(house.served.owner.project.id)
        id = (await house.served.post(f"/v1/Run/{VEO}", {"prompt": "A road."})).json()["taskid"]
        flat = PriceList(prices=(Price(method="cpr", price=Decimal("7.25")),), cps=PRICES.cps)
        assert "$7.25" not in (await maker.get(f"/models/{VEO}")).text
        await decided.price(VEO, flat, "Ada")
        assert "$7.25" in (await maker.get(f"/models/{VEO}")).text
        assert f'"/models/{VEO}"' in (await maker.get("/")).text
        await decided.cast(VEO, [], "Ada")
        assert house.web.cast.choose(manifest()).engine is None
        await decided.offer(VEO, False, "Ada")
        assert f'"/models/{VEO}"' not in (await maker.get("/")).text
        assert (await maker.get(f"/models/{VEO}")).status_code == 404
        assert (await maker.get(f"/clips/{id}")).status_code == 200
        again = await maker.send(f"/clips/{id}/again")
        assert (again.status_code, "not offered here any more" in again.text) == (404, True)
        assert len(await house.served.tasks()) == 1
