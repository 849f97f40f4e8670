from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.api.served import picture
from tests.tasks.examples import new_task
from tests.tasks.house import CLIP
from understudy.catalogue.manifest import Model, Price
from understudy.errors import EngineFailed
from understudy.executors.artifact import Here
from understudy.tasks.postprocess import Postprocess, Result
from understudy.tasks.records import Charge, Task
from understudy.testing.clip import tiny_clip

NOW = 1_734_513_807.25


def task(**fields: Any) -> Task:
    given = {"status": "task_postprocess_start", "accepted": 10.0, "ended": 16.0, "cps": "0.000585000000"}
    return msgspec.structs.replace(new_task(7, **given | fields).task, id=3)


def priced(*prices: Price) -> Model:
    return msgspec.structs.replace(CLIP, prices=prices)


async def process(
    folder: Path, model: Model, *contents: tuple[str, bytes], prepaid: bool = False, **fields: Any
) -> Result:
    outputs = []
    for name, content in contents:
        (folder / name).write_bytes(content)
        outputs.append(Here(folder / name))
    postprocess = Postprocess(clock=lambda: NOW, prepaid=prepaid)
    return await postprocess.process(task(**fields), model, tuple(outputs), folder / "thumbnails")


async def test_a_clip_gets_a_thumbnail_at_the_same_address(tmp_path: Path) -> None:
    result = await process(tmp_path, CLIP, ("made by an engine.MP4", tiny_clip()))
    (clip, here), (thumbnail, beside) = result.files.items()
    clip_path, thumbnail_path = await here.fetch(tmp_path), await beside.fetch(tmp_path)
    assert clip_path == tmp_path / "made by an engine.MP4"
    assert (clip.role, clip.name, clip.content_type) == ("output", "0.mp4", "video/mp4")
    assert clip.size == clip_path.stat().st_size
    assert (clip.project, clip.task, clip.added, clip.parent) == (7, 3, NOW, "")
    assert (thumbnail.role, thumbnail.name, thumbnail.content_type) == ("thumbnail", "0.jpg", "image/jpeg")
    assert (thumbnail.size, thumbnail.parent) == (thumbnail_path.stat().st_size, clip.id)
    assert clip.address == thumbnail.address
    assert [len(group) for group in clip.address.split("-")] == [8] * 8
    assert clip.path == f"/{clip.address}/0.mp4"


async def test_several_outputs_are_numbered(tmp_path: Path) -> None:
    result = await process(tmp_path, CLIP, ("b.mp4", tiny_clip()), ("a.png", picture()))
    assert [(file.name, file.role) for file in result.files] == [
        ("0.mp4", "output"),
        ("0.jpg", "thumbnail"),
        ("1.png", "output"),
        ("1.jpg", "thumbnail"),
    ]
    assert len({file.id for file in result.files}) == len({file.key for file in result.files}) == 4


@pytest.mark.parametrize(
    ("price", "cost"),
    [
        (Price(method="cpr", price=Decimal("0.25")), "0.250000000000"),
        (Price(method="cps", price=Decimal("0.01")), "0.060000000000"),
        (Price(method="cpo", price=Decimal("0.1")), "0.200000000000"),
        # Two clips of a second each.
        (Price(method="cp-outputVideoLength", price=Decimal("0.3")), "0.600000000000"),
        (Price(method="cp-promptlength", price=Decimal("0.001")), "0.007000000000"),
        (Price(method="cpr", price=Decimal("9"), inputs={"prompt": "other"}), "0.003510000000"),
        (Price(method="cpr", price=Decimal("9"), inputs={"prompt": "A road."}), "9.000000000000"),
    ],
    ids=lambda each: getattr(each, "method", each),
)
async def test_the_price_is_that_of_the_model(tmp_path: Path, price: Price, cost: str) -> None:
    result = await process(
        tmp_path,
        priced(price),
        ("a.mp4", tiny_clip()),
        ("b.mp4", tiny_clip()),
        values={"prompt": "A road."},
    )
    assert result.cost == cost
    assert result.charge == Charge(amount=Decimal(cost), note=CLIP.address)


async def test_only_prepaid_runs_are_taken_from_a_balance(tmp_path: Path) -> None:
    result = await process(tmp_path, CLIP, ("a.mp4", tiny_clip()), prepaid=True)
    assert result.charge == Charge(amount=Decimal("0.25"), note=CLIP.address, prepaid=True)


async def test_what_costs_nothing_has_no_ledger_line(tmp_path: Path) -> None:
    result = await process(tmp_path, priced(Price(method="cpr", price=Decimal(0))), ("a.mp4", tiny_clip()))
    assert (result.charge, result.cost) == (None, "0")


async def test_nothing_was_made(tmp_path: Path) -> None:
    with pytest.raises(EngineFailed, match=r"The engine made no file\."):
        await process(tmp_path, CLIP)


@pytest.mark.parametrize(
    "content", [b"", b"This is no video.", tiny_clip()[:600]], ids=["empty", "text", "half"]
)
async def test_no_media_was_made(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(EngineFailed, match="The engine made a file that is no media") as failed:
        await process(tmp_path, CLIP, ("a.mp4", tiny_clip()), ("b.mp4", content))
    assert str(tmp_path) not in str(failed.value)
