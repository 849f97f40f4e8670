"""What a server prints once it is ready, by what it does."""

from pathlib import Path
from typing import Any

import pytest

from understudy import data_folder
from understudy.cli.banner import banner
from understudy.config import Settings, load_settings
from understudy.engines.cast import Described

ROWS = (
    Described(name="animatic", version="1", preview=True, available=True, reason="", remedy="", models=()),
    Described(name="ovi", version="1", preview=False, available=False, reason="", remedy="", models=()),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    data_folder.write_credentials(tmp_path, url="", api_key="", api_secret="", auth="key")
    return tmp_path


def shown(address: str, folder: Path, **flags: Any) -> list[str]:
    settings: Settings = load_settings(None, {}, {"data": folder, **flags})
    return banner(address, settings, ROWS).splitlines()


def test_one_process(folder: Path) -> None:
    assert shown("http://127.0.0.1:8420", folder) == [
        "Understudy listens on http://127.0.0.1:8420",
        f"  data     {folder}",
        f"  keys     {folder}/credentials.json",
        "  engines  animatic (previews)",
        f"Try it:    understudy run --data {folder} openai/sora-2-pro --defaults",
        "Stop it:   Ctrl-C",
    ]


def test_whoever_is_first_is_told_how_to_sign_in(folder: Path) -> None:
    link = data_folder.sign_in_url("http://127.0.0.1:8420", "abc")
    data_folder.write_sign_in(folder, link)
    assert f"  sign in  {link}" in shown("http://127.0.0.1:8420", folder)
    assert (folder / "sign-in.url").stat().st_mode & 0o777 == 0o600
    assert not any("sign in" in line for line in shown("http://127.0.0.1:8420", folder, dashboard=False))
    data_folder.remove_sign_in(folder)
    assert not any("sign in" in line for line in shown("http://127.0.0.1:8420", folder))


def test_of_a_process_that_answers_its_own_port_is_told_and_keys_that_are_there(tmp_path: Path) -> None:
    address = "https://clips.example"
    assert shown(address, tmp_path, role="api", url=address, port=8430) == [
        "Understudy listens on 127.0.0.1 port 8430, for clients that ask https://clips.example",
        f"  data     {tmp_path}",
        "  keys     none here; understudy projects create NAME",
        "Stop it:   Ctrl-C",
    ]


def test_a_process_that_runs_tasks_invites_no_clients(folder: Path) -> None:
    flags = {"role": "dispatcher", "url": "https://clips.example", "executor": "ray"}
    assert shown("http://127.0.0.1:8421", folder, **flags) == [
        "Understudy runs tasks, and tells how it is at http://127.0.0.1:8421",
        f"  data     {folder}",
        "  engines  animatic (previews), on Ray",
        "Stop it:   Ctrl-C",
    ]
