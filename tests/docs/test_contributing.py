"""The model and the engine of CONTRIBUTING.md, made from the page alone: installed, checked, served, played."""

import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, blocks, files
from understudy.files.probe import probe
from understudy.testing.live import clean_environment

PAGE = ROOT / "CONTRIBUTING.md"


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every file that the page shows, the engine's package installed as far as Python can tell."""
    folder = tmp_path_factory.mktemp("workshop")
    for name, text in files(PAGE).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    project = tomllib.loads((folder / "postcard-engine/pyproject.toml").read_text())["project"]
    installed = (
        folder / "postcard-engine" / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    )
    installed.mkdir()
    (installed / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    points = [
        f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in each.items())
        for group, each in project["entry-points"].items()
    ]
    (installed / "entry_points.txt").write_text("\n".join(points))
    return folder


def understudy(workshop: Path, *arguments: str) -> str:
    """What a command prints. It must succeed."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", "understudy", *arguments],
        capture_output=True,
        text=True,
        cwd=workshop,
        env=environment(workshop),
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def environment(workshop: Path) -> dict[str, str]:
    return clean_environment() | {
        "PYTHONPATH": str(workshop / "postcard-engine"),
        "UNDERSTUDY_DATA": str(workshop / "data"),
    }


@contextmanager
def serving(workshop: Path) -> Iterator[None]:
    """The server that the page describes, on a free port; what it was told to do stands in the page's own file."""
    command = [
        sys.executable,
        "-P",
        "-m",
        "understudy",
        "serve",
        "--json",
        "--port",
        "0",
        "--config",
        "understudy.toml",
    ]
    with (workshop / "server.log").open("wb") as log:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=log, cwd=workshop, env=environment(workshop)
        )
    try:
        assert process.stdout is not None
        assert process.stdout.readline(), (workshop / "server.log").read_text()
        yield
    finally:
        process.terminate()
        process.communicate(timeout=30)
    assert process.returncode == 0


def test_the_manifest_is_good(workshop: Path) -> None:
    assert understudy(workshop, "models", "check", "my-models") == "acme/postcard: good\n"


def test_the_engine_is_found_and_plays_the_model(workshop: Path) -> None:
    table = understudy(workshop, "engines", "--config", "understudy.toml")
    assert [line for line in table.splitlines() if line.startswith("postcard")] == [
        "postcard\t1\tclips\tyes\tacme/postcard"
    ]


def test_a_clip_of_it_through_a_server(workshop: Path) -> None:
    with serving(workshop):
        said = understudy(
            workshop, "run", "acme/postcard", "-p", "Hello.", "-i", "seconds=4", "-o", "postcard.mp4"
        )
    assert "Played by postcard 1" in said
    clip = probe(workshop / "postcard.mp4")
    assert (clip.video[0].width, clip.video[0].height, clip.video[0].frames) == (640, 360, 96)
    assert [stream.codec for stream in clip.audio] == ["aac"]


def test_its_own_test_passes(workshop: Path) -> None:
    (program,) = (block.text for block in blocks(PAGE) if block.purpose.endswith("test_postcard_engine.py"))
    assert "def test_" in program
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:asyncio",
            "postcard-engine",
        ],
        capture_output=True,
        text=True,
        cwd=workshop,
        env=environment(workshop) | {"PYTHONDONTWRITEBYTECODE": "1"},
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
