"""The promises of every storage, on a folder, on S3 and in memory; addresses and keys."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.files.s3 import s3
from tests.files.storage_contract import StorageContract
from understudy.errors import ConfigurationError
from understudy.files.bucket import BucketStorage, open_bucket
from understudy.files.folder import FolderStorage
from understudy.files.storage import check_key, open_storage


class TestFolder(StorageContract):
    @pytest.fixture
    def storage(self, tmp_path: Path) -> FolderStorage:
        return FolderStorage(tmp_path / "storage")


class TestMemory(StorageContract):
    @pytest.fixture
    def storage(self) -> BucketStorage:
        return open_bucket("memory:///")


class TestS3(StorageContract):
    @pytest.fixture
    def storage(self) -> BucketStorage:
        return s3().open(s3().new_bucket(), folder="some/where")


@settings(deadline=None)
@given(st.text(max_size=20) | st.from_regex(r"[a./~-]+", fullmatch=True))
def test_a_key_that_passes_stays_below(key: str) -> None:
    try:
        check_key(key)
    except ValueError:
        return
    path = Path("/root") / key
    assert path.as_posix() == f"/root/{key}"
    assert not {".", ".."} & set(path.parts)


@pytest.mark.parametrize("address", ["{}", "file://{}", "file://localhost{}", "FILE://{}"])
async def test_a_folders_address(tmp_path: Path, address: str) -> None:
    storage = open_storage(address.format(tmp_path / "some-where"))
    await storage.put_bytes("a", b"1")
    assert (tmp_path / "some-where" / "a").read_bytes() == b"1"


async def test_a_folders_address_is_encoded(tmp_path: Path) -> None:
    await open_storage(f"file://{tmp_path}/with%20space").put_bytes("a", b"1")
    assert (tmp_path / "with space" / "a").read_bytes() == b"1"


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("file://srv/files", "whole path after file://"),
        ("file://", "whole path after file://"),
        ("file:///srv?a=b", "whole path after file://"),
        ("what://bucket", "what:// is not known; give a folder, or file:///FOLDER, s3://BUCKET/FOLDER"),
        ("http://", "http:// is not known"),
        ("https://bucket.s3.amazonaws.com/", "https:// is not known"),
        ("s3://", "must be followed by the name of a bucket, as in s3://BUCKET/FOLDER"),
        ("gs:///folder", "as in gs://BUCKET/FOLDER"),
        ("s3://a b", "must be followed by the name of a bucket"),
        ("s3://AKIA:sesame@bucket/x", "credentials, ports and options come from environment variables"),
        ("s3://bucket:9000/x", "ports and options come from environment variables"),
        ("s3://bucket?secret=sesame", "come from environment variables"),
        ("s3://bucket/a/../b", "a folder in a bucket has letters"),
        ("s3://bucket/.a", "does not begin with a dot"),
        ("s3://bucket/a%20b", "a folder in a bucket has letters"),
        ("s3://[bucket/x", "no address of a bucket"),
        ("az://container/x", "az://container: set AZURE_STORAGE_ACCOUNT_NAME"),
    ],
)
def test_an_address_of_no_storage(address: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^storage: ") as raised:
        open_storage(address)
    assert words in str(raised.value)
    assert "sesame" not in str(raised.value)


@pytest.mark.parametrize(
    "address", ["s3://bucket", "s3://bucket/", "s3://bucket/prefix", "gs://my_bucket.x/a/b/"]
)
def test_a_bucket_is_opened_without_asking_it(address: str) -> None:
    assert isinstance(open_storage(address), BucketStorage)
