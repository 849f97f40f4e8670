"""What the page of a clip that waits says, through the front door."""

import msgspec
import pytest

from tests.web.visiting import House
from understudy.tasks.lifecycle import Change, Status
from understudy.tasks.records import ModelStatistics, ProjectLimits
from understudy.web.shown.queueing import guess


async def place(house: House, id: str) -> str:
    visitor = house.visitor()
    await house.web.accounts.create(f"Watcher of {id}", "maker", project=1, password="correct horse battery")
    await visitor.signed_in(f"Watcher of {id}")
    answer = await visitor.get(f"/clips/{id}/place")
    page = (await visitor.get(f"/clips/{id}")).text
    for line in answer.text.split("\n"):
        words = line.partition(">")[2].partition("<")[0]
        assert words in page
    return answer.text


async def test_its_position(house: House) -> None:
    ids = [(await house.served.run())[0] for _ in range(3)]
    for number, id in enumerate(ids, start=1):
        assert f"Queued, at position {number}<" in await place(house, id)


async def test_who_waits_with_others_is_about_there(house: House) -> None:
    other = await house.served.parts.projects.create("other")
    await house.served.run()
    headers = house.served.headers(other)
    await house.served.client.post("/v1/Run/openai/sora-2-pro", json={"prompt": "x"}, headers=headers)
    id, _ = await house.served.run()
    said = await place(house, id)
    assert "Queued, at about position 3<" in said
    assert "Projects take turns." in said


async def test_one_that_does_not_wait_has_none(house: House) -> None:
    visitor = await house.operator()
    id, _ = await house.served.run()
    change = Change(expect=(Status.QUEUE,), fields={"status": Status.START.value, "lease_owner": "somebody"})
    assert await house.served.parts.store.apply(int(id), change)
    assert (await visitor.get(f"/clips/{id}/place")).status_code == 204
    assert "Queued" not in (await visitor.get(f"/clips/{id}")).text


async def test_a_paused_engine(house: House) -> None:
    await house.web.decisions.hold("instant", "paused", "Ada")
    id, _ = await house.served.run()
    assert "An operator has paused instant" in await place(house, id)
    visitor = await house.operator()
    for path in ("/", "/models/openai/sora-2-pro"):
        assert '<span class="badge bad">paused</span>' in (await visitor.get(path)).text
    await house.web.decisions.hold("instant", None, "Ada")
    assert "paused" not in (await visitor.get(f"/clips/{id}/place")).text


async def test_a_drained_engine_with_none_in_its_place(house: House) -> None:
    await house.web.decisions.hold("instant", "drained", "Ada")
    id, _ = await house.served.run()
    # What is asked for waits, as with a pause.
    assert "An operator has drained instant" in await place(house, id)
    visitor = await house.operator()
    assert '<span class="badge bad">drained</span>' in (await visitor.get("/")).text
    page = (await visitor.get("/models/openai/sora-2-pro")).text
    assert "An operator has drained instant. A clip can be asked for" in page
    assert 'id="make" disabled' not in page


async def test_a_model_that_nobody_is_cast_for(house: House) -> None:
    id, _ = await house.served.run()
    await house.web.decisions.cast("openai/sora-2-pro", [], "Ada")
    assert "Nobody can play it now" in await place(house, id)
    visitor = await house.operator()
    page = (await visitor.get("/models/openai/sora-2-pro")).text
    assert "nobody now" in page
    assert 'id="make" disabled' in page


async def test_a_project_that_runs_as_many_as_it_may(house: House) -> None:
    store = house.served.parts.store
    await store.change_project(1, limits=ProjectLimits(running=1))
    first, _ = await house.served.run()
    second, _ = await house.served.run()
    change = Change(expect=(Status.QUEUE,), fields={"status": Status.START.value, "lease_owner": "somebody"})
    assert await store.apply(int(first), change)
    assert "default runs as many clips as it may at a time: 1." in await place(house, second)


@pytest.mark.parametrize(
    ("position", "running", "successes", "mean", "seconds"),
    [
        (1, 1, 10, 42.0, 40.0),
        (3, 1, 10, 60.0, 180.0),
        (4, 2, 10, 60.0, 120.0),
        (1, 4, 10, 2.0, 10.0),
        (1, 0, 10, 60.0, 0.0),
        (1, 1, 2, 60.0, 0.0),
        (500, 1, 10, 600.0, 300_000.0),
    ],
)
def test_when_it_usually_begins(
    position: int, running: int, successes: int, mean: float, seconds: float
) -> None:
    known = ModelStatistics(runs=successes, successes=successes, elapsed=mean * successes)
    assert guess(position, running, known) == seconds
    assert guess(position, running, msgspec.structs.replace(known, successes=0, elapsed=0.0)) == 0.0
