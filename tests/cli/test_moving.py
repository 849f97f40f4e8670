"""`migrate`, `copy-store`, `backup`, `restore`: what they print, and that none of it is a secret."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.postgres import server
from tests.remembered import fill
from understudy import data_folder
from understudy.cli import main
from understudy.config import load_settings
from understudy.files.folder import FolderStorage
from understudy.moving.sqlite_end import reading_sqlite
from understudy.moving.stored_files import files_of
from understudy.stores import open_projects
from understudy.tasks.store.sqlite.migrations import scripts
from understudy.tasks.store.sqlite.store import open_sqlite

Command = Callable[..., tuple[int, str, str]]
ROWS = {
    "projects": 3,
    "users": 2,
    "tasks": 10,
    "files": 10,
    "ledger": 5,
    "purchases": 3,
    "purchase_counts": 2,
    "operator_ledger": 1,
    "webhooks": 2,
    "idempotency_keys": 1,
    "spending": 2,
    "decisions": 2,
}


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs one command: exit code, stdout, stderr."""

    def run(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(each) for each in arguments])
        shown = capsys.readouterr()
        return int(str(ended.value.code or 0)), shown.out, shown.err

    return run


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with something of everything, and all files but one."""

    async def make() -> None:
        settings = load_settings(None, {}, {"data": tmp_path / "data"})
        async with open_projects(settings, make=True) as projects:
            await projects.create("first")
        store = await open_sqlite(settings.data / "understudy.db")
        await fill(store)
        await store.close()
        storage = FolderStorage(settings.data / "files")
        async with reading_sqlite(settings.data / "understudy.db") as reader:
            _, *there = [file async for file in files_of(reader)]
            for file in there:
                await storage.put_bytes(file.key, b"7 bytes")

    asyncio.run(make())
    return tmp_path / "data"


def database() -> str:
    """A new one, with a password in its address that must not be shown."""
    return asyncio.run(server().new_database("template0")).replace("postgres@", "postgres:hidden@")


def test_migrate_says_from_what_to_what(command: Command, tmp_path: Path) -> None:
    (tmp_path / "understudy.db").touch()
    latest = len(scripts())
    assert command("migrate", "--data", tmp_path) == (
        0,
        f"The data folder {tmp_path} had schema 0, and has {latest} now.\n",
        "",
    )
    code, out, _ = command("migrate", "--data", tmp_path, "--json")
    assert (code, json.loads(out)) == (
        0,
        {"database": f"The data folder {tmp_path}", "before": latest, "after": latest},
    )
    assert "already" in command("migrate", "--data", tmp_path)[1]
    url = database()
    for words in ("had schema 0, and has", "already."):
        code, out, _ = command("migrate", "--database", url)
        assert code == 0
        assert words in out
        assert "hidden" not in out


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["migrate"], 2, "There is no data folder of Understudy"),
        (["migrate", "--database", "postgresql://me:hidden@127.0.0.1:1/x"], 2, "cannot be reached"),
        (["migrate", "--database", "mysql://me:hidden@db/x"], 2, "is no database for Understudy"),
        (["copy-store", "--from", "sqlite:d", "--to", "me:hidden@db"], 2, "A store is written sqlite:DIR"),
        (["copy-store", "--from", "sqlite:d"], 2, "Missing option '--to'"),
        (["copy-store", "--from", "sqlite:d", "--to", "sqlite:e"], 2, "no data folder of Understudy at d"),
        (
            ["copy-store", "--from", "sqlite:d", "--to", "postgresql://me:hidden@127.0.0.1:1/x", "--files"],
            2,
            "--files: say with --storage URL",
        ),
        (["copy-store", "--from", "sqlite:d", "--to", "sqlite:d/understudy.db"], 2, "are the same store"),
        (
            [
                "copy-store",
                "--from",
                "sqlite:d",
                "--to",
                "postgresql://x/y",
                "--files",
                "--storage",
                "d/files",
            ],
            2,
            "in the same place",
        ),
        (["backup", "u.tar"], 2, "There is no secret key"),
        (["restore", "u.tar"], 1, "There is no backup u.tar"),
    ],
)
def test_errors_are_words(
    command: Command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    code: int,
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("UNDERSTUDY_DATA", str(tmp_path / "data"))
    found, out, err = command(*arguments)
    assert (found, out) == (code, "")
    assert words in " ".join(err.split())
    assert "hidden" not in err


def test_a_laptops_history_moves_to_a_cluster(command: Command, data: Path, tmp_path: Path) -> None:
    url, files = database(), f"file://{tmp_path / 'files'}"
    code, out, err = command(
        "copy-store", "--from", f"sqlite:{data}", "--to", url, "--files", "--storage", files, "--json"
    )
    copied = json.loads(out)
    assert (code, copied["rows"], copied["returned"]) == (0, ROWS, 1)
    assert (copied["files"]["files"], copied["files"]["missing"]) == (8, 1)
    (lost,) = copied["files"]["keys"]
    assert err.splitlines() == [
        "Tasks that were running, and are in the queue again: 1.",
        f"Files that were not there to be copied: 1; the first is {lost}.",
        (
            "The projects' keys open with the same secret key only: take it along, the content of"
            f" {data}/secret.key, as UNDERSTUDY_SECRET_KEY of every process."
        ),
    ]
    again = command("copy-store", "--from", f"sqlite:{data}", "--to", url)
    assert again[0] == 2
    assert "has 3 rows in the table projects already" in again[2]
    assert command("copy-store", "--from", url, "--to", f"sqlite:{tmp_path / 'back'}")[:2] == (
        0,
        "Table\tRows\n" + "".join(f"{name}\t{number}\n" for name, number in ROWS.items()),
    )
    assert (data / "secret.key").read_text().strip() not in out + err


def test_files_that_stay_are_told(command: Command, data: Path, tmp_path: Path) -> None:
    code, _, err = command("copy-store", "--from", f"sqlite:{data}", "--to", f"sqlite:{tmp_path / 'new'}")
    assert code == 0
    assert f"The files of the records (10) stay in {data}/files" in err
    assert f"as {tmp_path}/new/secret.key or UNDERSTUDY_SECRET_KEY" in err
    with data_folder.locked(data):
        assert (
            "in use by a server" in command("copy-store", "--from", f"sqlite:{data}", "--to", database())[2]
        )


def test_backup_and_restore_say_what_is_in_it(command: Command, data: Path, tmp_path: Path) -> None:
    file = tmp_path / "u.tar"
    code, out, err = command("backup", file, "--files", "--data", data)
    assert code == 0
    assert out.endswith(": projects: 3, tasks: 10, files: 8.\n")
    assert err.startswith("Files that are not in it, since the storage does not have them: 1; the first is ")
    made = json.loads(command("backup", file, "--files", "--data", data, "--json")[1])
    assert {name: made[name] for name in ("rows", "files", "size", "missing", "deleted")} == {
        "rows": ROWS,
        "files": 8,
        "size": 56,
        "missing": 1,
        "deleted": 0,
    }
    url = database()
    code, out, err = command("restore", file, "--data", tmp_path / "node", "--database", url)
    assert code == 0
    assert out.endswith(": projects: 3, tasks: 10.\n")
    assert "hidden" not in out + err
    assert err.splitlines() == [
        "Tasks that were running, and are in the queue again: 1.",
        "Open purchases at partners, looked after once a server runs: 1.",
        "Files that were missing already when the backup was made: 1.",
    ]
    command("backup", file, "--data", data)
    code, out, err = command("restore", file, "--data", tmp_path / "again", "--json")
    assert json.loads(out)["rows"] == ROWS
    assert (
        f"The files of the records (10) are not in the backup; they belong in {tmp_path}/again/files." in err
    )
    code, _, err = command("restore", file, "--data", tmp_path / "again")
    assert (code, err.count("\n")) == (2, 1)


def test_config_show_hides_the_password(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNDERSTUDY_DATABASE", "postgresql://me:hidden@db/x")
    for form in ((), ("--json",)):
        code, out, _ = command("config", "show", *form)
        assert code == 0
        assert "hidden" not in out
    assert json.loads(out)["database"] == {"value": "***", "origin": "environment", "key": "database"}
