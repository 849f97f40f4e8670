from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from tests.api.served import picture
from tests.files.web import Web, response, served
from tests.tasks.examples import new_task
from understudy.catalogue.catalogue import Catalogue
from understudy.catalogue.checked import Sample, Source, Stored, Url
from understudy.errors import AddressRefused, FetchFailed, MediaRefused, StorageFailed
from understudy.files.address import AddressGuard
from understudy.files.folder import FolderStorage
from understudy.files.intake import Intake
from understudy.files.outbound import Outbound
from understudy.tasks.preprocess import Preprocess
from understudy.tasks.records import Task

NOW = 1_734_513_807.25


class Kitchen(msgspec.Struct):
    preprocess: Preprocess
    storage: FolderStorage
    web: Web
    folder: Path

    def url(self, path: str) -> Url:
        return Url(f"http://127.0.0.1:{self.web.port}{path}")


@pytest.fixture
async def kitchen(tmp_path: Path) -> AsyncIterator[Kitchen]:
    sample = tmp_path / "koala.png"
    sample.write_bytes(picture())
    storage = FolderStorage(tmp_path / "files")
    await storage.put_bytes("inputs/aa/stored.png", picture(10, 20))
    async with served() as web:
        web.answers["/a.png"] = response(picture(30, 40))
        yield Kitchen(
            Preprocess(
                catalogue=Catalogue((), {"koala.png": sample}),
                storage=storage,
                intake=Intake(Outbound(AddressGuard(("127.0.0.1",)))),
                clock=lambda: NOW,
            ),
            storage,
            web,
            tmp_path,
        )


def a_task(**sources: tuple[Source, ...]) -> Task:
    media = {name: tuple(f"shown {n}" for n, _ in enumerate(given)) for name, given in sources.items()}
    return msgspec.structs.replace(new_task(7, sources=sources, media=media).task, id=3)


async def test_every_kind_of_source_becomes_a_file(kitchen: Kitchen) -> None:
    task = a_task(
        image=(Sample("koala.png"), kitchen.url("/a.png"), Stored("inputs/aa/stored.png", "mine.png")),
        last=(Sample("koala.png"),),
    )
    ready = await kitchen.preprocess.prepare(task, kitchen.folder / "run")
    sizes = [_size(Path(path)) for path in ready.paths["image"]]
    assert sizes == [(64, 36), (30, 40), (10, 20)]
    assert {name: len(paths) for name, paths in ready.paths.items()} == {"image": 3, "last": 1}
    ((file, content),) = ready.fetched.items()
    assert content.read_bytes() == picture(30, 40)
    assert (file.project, file.task, file.role, file.name, file.added) == (7, 3, "input", "a.png", NOW)
    assert (file.content_type, file.size) == ("image/png", len(picture(30, 40)))
    first, second, third = ready.sources["image"]
    assert (first, third) == (task.sources["image"][0], task.sources["image"][2])
    assert second == Stored(file.key, "a.png")
    assert ready.media["image"] == ("shown 0", file.path, "shown 2")
    assert ready.media["last"] == ("shown 0",)


async def test_what_was_kept_is_not_fetched_again(kitchen: Kitchen) -> None:
    task = a_task(image=(kitchen.url("/a.png"),))
    first = await kitchen.preprocess.prepare(task, kitchen.folder / "1")
    ((file, content),) = first.fetched.items()
    await kitchen.storage.put(file.key, content)
    again = msgspec.structs.replace(task, sources=first.sources, media=first.media)
    second = await kitchen.preprocess.prepare(again, kitchen.folder / "2")
    assert second.fetched == {}
    assert (second.sources, second.media) == (first.sources, first.media)
    assert len(kitchen.web.requests) == 1


@pytest.mark.parametrize(
    ("source", "failure", "words"),
    [
        (Url("http://10.0.0.1/a.png"), AddressRefused, "does not reach"),
        (Sample("gone.png"), FetchFailed, r"The sample input gone\.png is no longer here\."),
        (Stored("inputs/aa/gone.png", "gone.png"), StorageFailed, "storage"),
    ],
)
async def test_what_cannot_be_had(
    kitchen: Kitchen, source: Source, failure: type[Exception], words: str
) -> None:
    with pytest.raises(failure, match=words):
        await kitchen.preprocess.prepare(a_task(image=(source,)), kitchen.folder / "run")


@pytest.mark.parametrize(
    ("answer", "failure"), [(response(b"<html>"), MediaRefused), (response(status="410 Gone"), FetchFailed)]
)
async def test_an_address_without_a_picture(
    kitchen: Kitchen, answer: bytes, failure: type[Exception]
) -> None:
    kitchen.web.answers["/b.png"] = answer
    with pytest.raises(failure) as refused:
        await kitchen.preprocess.prepare(
            a_task(image=(kitchen.url("/a.png"), kitchen.url("/b.png"))), kitchen.folder / "run"
        )
    assert str(kitchen.folder) not in str(refused.value)


async def test_the_stored_original_is_never_written_to(kitchen: Kitchen) -> None:
    task = a_task(image=(Stored("inputs/aa/stored.png", "mine.png"),))
    await kitchen.preprocess.prepare(task, kitchen.folder / "run")
    stored = kitchen.storage.local_path("inputs/aa/stored.png")
    assert stored is not None
    assert stored.read_bytes() == picture(10, 20)


def _size(path: Path) -> tuple[int, int]:
    from PIL import Image

    with Image.open(path) as image:
        return image.size
