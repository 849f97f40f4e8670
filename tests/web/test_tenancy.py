"""What a maker sees and does stays within one project, through the front door."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.api.served import SORA, picture
from tests.api.test_task import finished
from tests.web.remembered import remembered
from tests.web.visiting import House, Visitor
from understudy.api.app import create_app
from understudy.tasks.rates import Rates
from understudy.tasks.records import Project, ProjectLimits
from understudy.web.proof import Proof
from understudy.web.site import Site

SECRETIVE = "The other project's prompt."


@pytest.fixture
async def foreign(house: House) -> str:
    """A clip of the owner's: not of the project that the maker works in."""
    id, _ = await house.served.run(prompt=SECRETIVE)
    await finished(house.served, id)
    return id


@pytest.fixture
async def own(house: House) -> Project:
    return (await house.served.parts.projects.create("other")).project


@pytest.fixture
async def maker(house: House, own: Project) -> Visitor:
    return await house.maker(own.id)


@pytest.mark.parametrize("part", ["", "/body", "/place"])
async def test_a_clip_of_another_project(house: House, maker: Visitor, foreign: str, part: str) -> None:
    maker.client.cookies.set("understudy_project", str(house.served.owner.project.id))
    answer = await maker.get(f"/clips/{foreign}{part}")
    assert (answer.status_code, SECRETIVE in answer.text) == (404, False)


@pytest.mark.parametrize("act", ["stop", "again"])
async def test_what_can_be_done_with_a_clip(
    house: House, maker: Visitor, foreign: str, tmp_path: Path, act: str
) -> None:
    waiting, _ = await house.served.run()
    before = remembered(tmp_path)
    for id in (foreign, waiting):
        assert (await maker.send(f"/clips/{id}/{act}")).status_code == 404
    assert remembered(tmp_path) == before


async def test_deleting(house: House, maker: Visitor, foreign: str, tmp_path: Path) -> None:
    before = remembered(tmp_path)
    assert (await maker.send("/clips/delete", clip=foreign)).status_code == 303
    assert remembered(tmp_path) == before


async def test_pages_that_take_a_clip_by_its_number(maker: Visitor, foreign: str) -> None:
    for path in (
        f"/compare?left={foreign}",
        f"/compare?right={foreign}",
        f"/models/openai/sora-2-pro?from={foreign}",
        f"/clips?q={foreign}",
        "/clips",
        "/compare",
    ):
        answer = await maker.get(path)
        assert SECRETIVE not in answer.text
        assert answer.status_code == (404 if "left=" in path or "right=" in path else 200)


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("Task/Detail", ("taskid", "tasktoken")),
        ("Task/Kill", ("taskid", "tasktoken")),
        ("Task/Cancel", ("taskid", "tasktoken")),
        ("Task/InputOutputDelete", ("tasktoken",)),
    ],
)
async def test_the_api_behind_the_pages(
    house: House, maker: Visitor, foreign: str, tmp_path: Path, path: str, names: tuple[str, ...]
) -> None:
    token = next(task.token for task in await house.served.tasks())
    before = remembered(tmp_path)
    for name in names:
        answer = await maker.ask(f"/v1/{path}", json={name: foreign if name == "taskid" else token})
        assert answer.json()["result"] is False
        assert SECRETIVE not in answer.text
    assert remembered(tmp_path) == before


async def test_an_upload_goes_to_the_maker_s_project(house: House, maker: Visitor, own: Project) -> None:
    maker.client.cookies.set("understudy_project", str(house.served.owner.project.id))
    answer = await maker.ask("/v1/File/Upload", files={"file": ("a.png", picture())})
    found = await house.served.parts.store.file_by_accesskey(answer.json()["list"][0]["accesskey"])
    assert found is not None
    assert found.project == own.id


async def test_a_session_alone_does_not_ask_the_api(house: House, tmp_path: Path) -> None:
    visitor = await house.operator()
    before = remembered(tmp_path)
    for headers in ({}, {"x-form-token": "0" * 64}):
        answer = await visitor.client.post(SORA, json={"prompt": "A road."}, headers=headers)
        assert (answer.status_code, answer.json()["result"]) == (401, False)
    assert remembered(tmp_path) == before
    assert (await visitor.ask(SORA, json={"prompt": "A road."})).json()["result"] is True


async def test_a_maker_whose_project_is_disabled_makes_nothing(
    house: House, maker: Visitor, own: Project
) -> None:
    await house.served.parts.store.change_project(own.id, enabled=False)
    answer = await maker.ask(SORA, json={"prompt": "A road."})
    assert (answer.status_code, answer.json()["result"]) == (401, False)
    page = await maker.get("/models/openai/sora-2-pro")
    assert "Your project is disabled" in page.text


async def test_the_addresses_of_a_project_hold_for_its_pages_too(house: House) -> None:
    other = await house.served.parts.projects.create("other", allow=("10.0.0.0/8",))
    maker = await house.maker(other.project.id)
    answer = await maker.ask(SORA, json={"prompt": "A road."})
    assert (answer.status_code, "is not allowed" in answer.text) == (401, True)


async def test_the_addresses_of_a_project_hold_for_what_its_pages_do(house: House, tmp_path: Path) -> None:
    project = house.served.owner.project
    id, _ = await house.served.run()
    maker = await house.maker(project.id)
    await house.served.parts.projects.set_allow(project.id, ("10.0.0.0/8",))
    before = remembered(tmp_path)
    for path, fields in (
        (f"/clips/{id}/again", {}),
        (f"/clips/{id}/stop", {}),
        ("/clips/delete", {"clip": id}),
    ):
        answer = await maker.send(path, **fields)
        assert (answer.status_code, "from some addresses only" in answer.text) == (401, True)
    assert remembered(tmp_path) == before
    await house.served.parts.projects.set_allow(project.id, ("127.0.0.1",))
    assert (await maker.send(f"/clips/{id}/again")).status_code == 303


async def test_forms_of_pages_are_requests_of_their_project(house: House) -> None:
    project = house.served.owner.project
    id, _ = await house.served.run()
    await house.served.parts.projects.set_limits(project.id, ProjectLimits(rate=0.01, burst=2))
    rates = Rates(house.served.parts.store, house.served.parts.clock)
    house.app = create_app(
        replace(house.served.parts, web=Site(replace(house.web, rates=rates)), signed_in=Proof(house.web))
    )
    maker = await house.maker(project.id)
    answers = [await maker.send(f"/clips/{id}/again") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [303, 303, 429]
    assert "may send 0.01 requests a second" in answers[-1].text
