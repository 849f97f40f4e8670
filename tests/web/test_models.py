"""The cards of the models, through the front door."""

import re

import msgspec
import pytest

from tests.web.visiting import House
from understudy.api.app import create_app
from understudy.catalogue.catalogue import Catalogue
from understudy.catalogue.manifest import Model
from understudy.web.proof import Proof
from understudy.web.site import Site


async def shown(house: House, *models: Model) -> str:
    """The page of a house that offers these."""
    web = msgspec.structs.replace(house.web, catalogue=Catalogue(models, {}))
    parts = msgspec.structs.replace(house.served.parts, web=Site(web), signed_in=Proof(web))
    visitor = await House(served=house.served, web=web, app=create_app(parts)).operator()
    return (await visitor.get("/")).text


def model(cover: str) -> Model:
    return Model(owner="acme", slug="one", cover=cover)


@pytest.mark.parametrize(("file", "tag"), [("one.mp4", "video"), ("one.WEBM", "video"), ("one.webp", "img")])
async def test_a_cover_is_a_clip_or_a_picture(house: House, file: str, tag: str) -> None:
    page = await shown(house, model(f"uploads/models/{file}"))
    assert re.findall(r'<(\w+) src="/uploads/', page) == [tag]


async def test_a_cover_at_another_host_is_not_loaded(house: House) -> None:
    page = await shown(house, model("https://elsewhere.example/one.mp4"))
    assert "elsewhere.example" not in page
    assert "<video" not in page


async def test_a_model_without_a_title_or_a_cover(house: House) -> None:
    page = await shown(house, model(""))
    assert '<a href="/models/acme/one">one</a>' in page
