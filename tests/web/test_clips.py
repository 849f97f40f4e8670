"""Pages of clips, through the front door."""

import html
import re
from importlib import resources

import pytest

from tests.api.served import PROMPT, SORA, picture
from tests.api.test_task import finished
from tests.web.visiting import House
from understudy.tasks import lifecycle
from understudy.tasks.store import browsing


async def made(house: House, prompt: str = "A road.", **fields: str) -> str:
    return (await house.served.run(prompt=prompt, **fields))[0]


async def test_the_gallery_filters_and_goes_on(house: House) -> None:
    visitor = await house.operator()
    ids = [await made(house, f"Road {number}.") for number in range(30)]
    page = (await visitor.get("/clips")).text
    assert re.findall(r'href="/clips/(\d+)"', page) == ids[:5:-1]
    (more,) = re.findall(r'hx-get="(/clips\?[^"]*beyond=\d+)"', page)
    part = await visitor.get(more, headers={"hx-request": "true"})
    assert re.findall(r'href="/clips/(\d+)"', part.text) == ids[5::-1]
    assert "<html" not in part.text
    found = (await visitor.get("/clips?q=road+17")).text
    assert re.findall(r'href="/clips/(\d+)"', found) == [ids[17]]
    assert "Nothing fits" in (await visitor.get("/clips?stage=done")).text
    for odd in (
        "stage=odd",
        "since=tomorrow",
        "beyond=-1",
        "beyond=" + "9" * 40,
        "since=9999-12-31&until=9999-12-31",
    ):
        assert (await visitor.get(f"/clips?{odd}")).status_code == 200


async def test_again_with_the_same_seed_and_picture(house: House) -> None:
    visitor = await house.operator()
    files = {"inputImage": ("road.png", picture(), "image/png")}
    id = (await visitor.ask(SORA, data=PROMPT, files=files)).json()["taskid"]
    answer = await visitor.send(f"/clips/{id}/again")
    second, first = await house.served.tasks()
    assert answer.headers["location"] == f"/clips/{second.id}"
    assert (second.seed, second.values, second.media) == (first.seed, first.values, first.media)
    assert [source.key for source in second.sources["inputImage"]] == [  # type: ignore[union-attr]
        source.key  # type: ignore[union-attr]
        for source in first.sources["inputImage"]
    ]


async def test_stopping_and_deleting(house: House) -> None:
    visitor = await house.operator()
    id = await made(house)
    await visitor.send("/clips/delete", clip=id)
    assert (await house.served.tasks())[0].files_deleted is False, "it is not over"
    answer = await visitor.send(f"/clips/{id}/stop")
    assert answer.headers["location"] == f"/clips/{id}"
    assert (await house.served.tasks())[0].status == "task_cancel"
    assert (await visitor.send(f"/clips/{id}/stop")).status_code == 303, "there is nothing left to stop"
    await visitor.send("/clips/delete", clip=id)
    assert (await house.served.tasks())[0].files_deleted is True


async def test_what_cannot_be_run_again_is_not_offered_to_be(house: House) -> None:
    visitor = await house.operator()
    id = await made(house)
    await visitor.send(f"/clips/{id}/stop")
    again = f'href="/models/openai/sora-2-pro?from={id}"'
    assert again in (await visitor.get(f"/clips/{id}")).text
    await visitor.send("/operate/models/openai/sora-2-pro/offer", offered="no")
    page = (await visitor.get(f"/clips/{id}")).text
    assert again not in page
    assert 'href="/models/openai/sora-2-pro"' not in page
    assert "The model is not offered any more" in page


async def test_two_beside_each_other(house: House) -> None:
    visitor = await house.operator()
    left, right = await made(house, "A road."), await made(house, "A road.", seconds="8")
    page = (await visitor.get(f"/compare?left={left}&right={right}")).text
    assert page.count("differs</span>") == 2, "the length and the seed"
    assert (await visitor.get("/compare?left=99&right=1")).status_code == 404
    assert (await visitor.get("/compare")).status_code == 200


async def test_a_failure_says_why(house: House) -> None:
    visitor = await house.operator()
    id = await made(house)
    (task,) = await house.served.tasks()
    store = house.served.parts.store
    await store.apply(task.id, lifecycle.cancel(9.0, "The partner had taken the job."))
    assert "The partner had taken the job." in (await visitor.get(f"/clips/{id}")).text


async def test_a_filter_that_fits_little_looks_so_far_and_offers_to_go_on(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browsing, "LOOKED_THROUGH", 2)
    visitor = await house.operator()
    old = await made(house, "An old one.")
    for _ in range(9):
        await made(house)
    page = (await visitor.get("/clips?q=old")).text
    assert re.findall(r'href="/clips/(\d+)"', page) == []
    (more,) = re.findall(r'hx-get="(/clips\?[^"]*beyond=\d+)"', page)
    page = (await visitor.get(more.replace("&amp;", "&"))).text
    assert re.findall(r'href="/clips/(\d+)"', page) == [old]


async def test_after_deleting_one_looks_on_where_one_was(house: House) -> None:
    visitor = await house.operator()
    answer = await visitor.send("/clips/delete", back="q=a road&stage=done")
    assert answer.headers["location"] == "/clips?q=a+road&stage=done"
    for odd in ("//evil.example", "\r\nset-cookie: a=b", "/../operate", "https://evil.example/?a=b"):
        answer = await visitor.send("/clips/delete", back=odd)
        assert re.fullmatch(r"/clips(\?[\w%=&.+-]*)?", answer.headers["location"])
        assert "set-cookie" not in answer.headers


async def test_clips_without_files_are_not_offered_for_comparing(house: House) -> None:
    visitor = await house.operator()
    first, second = await made(house), await made(house)
    for id in (first, second):
        await finished(house.served, id)
    await visitor.send("/clips/delete", clip=first)
    page = (await visitor.get("/compare")).text
    assert f'value="{second}"' in page
    assert f'value="{first}"' not in page


async def test_every_stage_of_every_engine_has_words(house: House) -> None:
    visitor = await house.operator()
    page = html.unescape((await visitor.get(f"/clips/{await made(house)}")).text)
    found = {
        stage
        for path in resources.files("understudy").joinpath("engines").glob("**/*.py")  # type: ignore[attr-defined]
        for stage in re.findall(r'\bstage="(\w+)"', path.read_text())
    }
    assert found >= {"Generate", "Decode", "Encode"}
    for stage in found:
        assert f'"{stage}": "' in page
