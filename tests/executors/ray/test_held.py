"""A file on a node: who stores it, and from where. No cluster, no node: a keeper that does as it is told."""

import logging
from pathlib import Path

import pytest

from understudy.errors import EngineFailed, StorageFailed
from understudy.executors.artifact import Seen
from understudy.executors.ray.held import Held
from understudy.executors.ray.node_protocol import OnNode
from understudy.executors.ray.storing import Storing
from understudy.files.folder import FolderStorage

CLIP = OnNode(name="made/clip.mp4", path="/there/clip.mp4", size=4)


class Keeper:
    """`theirs` is the storage as the node sees it; None: it is to leave it alone."""

    def __init__(self, theirs: FolderStorage | None, reason: str = "") -> None:
        self.theirs = theirs
        self.reason = reason
        self.fetched = 0
        self.told: list[str] = []

    @property
    def stores(self) -> bool:
        return self.theirs is not None

    async def look(self, file: OnNode) -> tuple[Seen, OnNode]:
        seen = Seen(content_type="video/mp4", size=4, width=1280, height=720, seconds=1.0, thumbnail_size=4)
        return seen, OnNode(name="t.jpg", path="/there/t.jpg", size=4)

    async def store(self, file: OnNode, key: str) -> str:
        assert self.theirs is not None
        if not self.reason:
            await self.theirs.put_bytes(key, b"clip")
        return self.reason

    async def fetch(self, file: OnNode, to: Path) -> None:
        self.fetched += 1
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_bytes(b"clip")

    def could_not_store(self, reason: str) -> None:
        self.told.append(reason)


@pytest.fixture
def storage(tmp_path: Path) -> FolderStorage:
    return FolderStorage(tmp_path / "files")


async def put(keeper: Keeper, storage: FolderStorage, tmp_path: Path) -> Held:
    clip = Held(keeper, CLIP, tmp_path / "job")
    await clip.put(storage, "outputs/clip.mp4")
    found = storage.local_path("outputs/clip.mp4")
    assert found is not None
    assert found.read_bytes() == b"clip"
    return clip


async def test_what_the_node_stores_is_not_copied(storage: FolderStorage, tmp_path: Path) -> None:
    keeper = Keeper(theirs=storage)
    clip = await put(keeper, storage, tmp_path)
    assert (keeper.fetched, keeper.told, clip.suffix) == (0, [], ".mp4")
    _, thumbnail = await clip.look(tmp_path / "unused.jpg")
    assert thumbnail.suffix == ".jpg"
    assert not (tmp_path / "job").exists()


async def test_a_node_that_is_to_store_nothing(storage: FolderStorage, tmp_path: Path) -> None:
    keeper = Keeper(theirs=None)
    clip = await put(keeper, storage, tmp_path)
    await storage.delete(["outputs/clip.mp4"])
    await clip.put(storage, "outputs/clip.mp4")
    assert (keeper.fetched, keeper.told) == (1, [])
    assert (tmp_path / "job" / "made" / "clip.mp4").exists()


async def test_a_node_that_cannot_store(storage: FolderStorage, tmp_path: Path) -> None:
    keeper = Keeper(theirs=storage, reason="no credentials are set")
    await put(keeper, storage, tmp_path)
    assert (keeper.fetched, keeper.told) == (1, ["no credentials are set"])


@pytest.mark.parametrize("other", [b"", b"another file"])
async def test_a_node_that_stores_in_another_place(
    storage: FolderStorage, tmp_path: Path, other: bytes
) -> None:
    if other:
        await storage.put_bytes("outputs/clip.mp4", other)
    keeper = Keeper(theirs=FolderStorage(tmp_path / "elsewhere"))
    await put(keeper, storage, tmp_path)
    assert keeper.fetched == 1
    assert "does not arrive in this server's storage" in keeper.told[0]


async def test_a_storage_that_is_away_from_here_is_no_fault_of_the_node(
    storage: FolderStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(key: str) -> None:
        raise StorageFailed("It cannot be reached.")

    monkeypatch.setattr(storage, "head", away)
    keeper = Keeper(theirs=storage)
    with pytest.raises(StorageFailed):
        await put(keeper, storage, tmp_path)
    assert (keeper.fetched, keeper.told) == (0, [])


async def test_a_name_that_leads_out_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "job").mkdir()
    (tmp_path / "job" / "link").symlink_to(tmp_path)
    for name in ("../clip.mp4", "/etc/clip.mp4", "link/clip.mp4"):
        file = OnNode(name=name, path="/there/clip.mp4", size=4)
        with pytest.raises(EngineFailed, match="outside the folder"):
            await Held(Keeper(theirs=None), file, tmp_path / "job").fetch(tmp_path / "job")
    assert not (tmp_path / "clip.mp4").exists()


def test_an_operator_hears_of_each_reason_once(caplog: pytest.LogCaptureFixture) -> None:
    storing = Storing("s3://bucket/files")
    for _ in range(3):
        storing.could_not("10.0.0.2", "it says no.")
        storing.could_not("10.0.0.3", "it says no.")
    assert [each.levelno for each in caplog.records] == [logging.WARNING] * 2
    assert "node 10.0.0.2 cannot store files itself" in caplog.text
    assert "it says no. Set what the storage needs where `ray start` is run" in caplog.text


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("s3://bucket/files", True),
        ("gs://bucket", True),
        ("az://container", True),
        ("", False),
        ("/srv/files", False),
        ("file:///srv/files", False),
        ("memory:///", False),
    ],
)
def test_nodes_are_told_of_buckets_only(address: str, told: bool) -> None:
    assert Storing(address).address == (address if told else "")
