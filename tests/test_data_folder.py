import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from understudy import data_folder
from understudy.errors import ConfigurationError

KEYS = {"url": "http://127.0.0.1:1", "api_key": "k", "api_secret": "s", "auth": "signature"}


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_it_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    made = data_folder.make(tmp_path / "a" / "b")
    assert made == (tmp_path / "a" / "b").resolve()
    assert mode(made) == 0o700
    assert data_folder.make(made) == made


def test_one_that_must_be_there_already(tmp_path: Path) -> None:
    for folder in (tmp_path / "missing", tmp_path):
        with pytest.raises(ConfigurationError, match="no data folder of Understudy"):
            data_folder.existing(folder)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / data_folder.DATABASE).touch()
    assert data_folder.existing(tmp_path) == tmp_path.resolve()


def test_one_that_exists_keeps_its_mode(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir(mode=0o750)
    data_folder.make(shared)
    assert mode(shared) == 0o750


def test_links_are_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "real", target_is_directory=True)
    (tmp_path / "real").mkdir()
    assert data_folder.make(tmp_path / "link") == (tmp_path / "real").resolve()


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match=r"file cannot be used .*Choose another with --data DIR\."):
        data_folder.make(tmp_path / "file")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o500)
    with pytest.raises(ConfigurationError, match="cannot be used"):
        data_folder.make(tmp_path / "closed")


def test_a_lock_is_held_once(tmp_path: Path) -> None:
    with data_folder.locked(tmp_path):
        with (
            pytest.raises(ConfigurationError, match=rf"in use by a server \(process {os.getpid()}\)"),
            data_folder.locked(tmp_path),
        ):
            raise AssertionError("it was locked twice")
        assert (tmp_path / "lock").read_text() == str(os.getpid())
    with data_folder.locked(tmp_path):
        pass


def test_a_lock_dies_with_its_process(tmp_path: Path) -> None:
    code = (
        "import os, sys\nfrom pathlib import Path\nfrom understudy import data_folder\n"
        "with data_folder.locked(Path(sys.argv[1])): os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False).returncode == -9
    assert (tmp_path / "lock").read_text()
    with data_folder.locked(tmp_path):
        assert (tmp_path / "lock").read_text() == str(os.getpid())


def test_emptied(tmp_path: Path) -> None:
    (tmp_path / "runs" / "7-1").mkdir(parents=True)
    (tmp_path / "runs" / "7-1" / "clip.mp4").touch()
    assert not list(data_folder.emptied(tmp_path / "runs").iterdir())
    assert data_folder.emptied(tmp_path / "incoming").is_dir()


def test_credentials_are_for_their_owner_alone(tmp_path: Path) -> None:
    assert data_folder.read_credentials(tmp_path) == {}
    data_folder.write_credentials(tmp_path, **KEYS)
    path = tmp_path / data_folder.CREDENTIALS
    assert mode(path) == 0o600
    assert json.loads(path.read_text()) == data_folder.read_credentials(tmp_path) == KEYS
    data_folder.write_credentials(tmp_path, **KEYS | {"api_key": "new"})
    assert data_folder.read_credentials(tmp_path)["api_key"] == "new"
    assert [each.name for each in tmp_path.iterdir()] == [data_folder.CREDENTIALS]


def test_a_draft_of_credentials_that_a_crash_left_is_not_in_the_way(tmp_path: Path) -> None:
    draft = tmp_path / f"{data_folder.CREDENTIALS}.new"
    draft.write_text("{" * 1000)
    draft.chmod(0o644)
    data_folder.write_credentials(tmp_path, **KEYS)
    assert data_folder.read_credentials(tmp_path) == KEYS
    assert mode(tmp_path / data_folder.CREDENTIALS) == 0o600


def test_the_url_follows_the_server(tmp_path: Path) -> None:
    data_folder.write_credentials(tmp_path, **KEYS)
    data_folder.note_url(tmp_path, "http://127.0.0.1:2")
    assert data_folder.read_credentials(tmp_path) == {**KEYS, "url": "http://127.0.0.1:2"}


@pytest.mark.parametrize("content", [None, "", "no JSON", "[1]", b"\xff\xfe"])
def test_what_somebody_removed_or_rewrote_is_left_alone(tmp_path: Path, content: str | bytes | None) -> None:
    path = tmp_path / data_folder.CREDENTIALS
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert data_folder.read_credentials(tmp_path) == {}
    data_folder.note_url(tmp_path, "http://127.0.0.1:2")
    assert path.exists() == (content is not None)
    if content is not None:
        assert path.read_bytes() == (content if isinstance(content, bytes) else content.encode())
