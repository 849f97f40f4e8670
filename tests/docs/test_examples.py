"""What the pages say can be run is run, in their order, beside a server that plays everything at once."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, ROOT, Block, blocks
from understudy.catalogue.loader import load_catalogue
from understudy.testing.live import Live, clean_environment, live

ADDRESS = "http://127.0.0.1:8420"
"""What the pages call the server."""

RUNNABLE = [page for page in PAGES if any(block.purpose == "run" for block in blocks(page))]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with live(tmp_path_factory.mktemp("server")) as running:
        yield running


MADE = {"client.md": ("clip.mp4", "road.mp4", "rain-curl.mp4", "rain-node.mp4")}
"""Clips that lie in the folder after the examples of a page."""

PROGRAMS = {"python": "python -", "javascript": "node --input-type=module -"}


def script(page: Path, address: str, *, without: frozenset[str]) -> str:
    """All that runs of a page but the languages `without`, as one shell session."""
    return "\n".join(
        _pasted(block).replace(ADDRESS, address)
        for block in blocks(page)
        if block.purpose == "run" and block.language not in without
    )


def _pasted(block: Block) -> str:
    if block.language in PROGRAMS:
        return f"{PROGRAMS[block.language]} <<'END OF EXAMPLE'\n{block.text}END OF EXAMPLE"
    assert block.language == "bash", block.language
    return block.text


@pytest.mark.parametrize("page", RUNNABLE, ids=lambda page: page.name)
def test_the_examples_of_a_page(page: Path, server: Live, tmp_path: Path) -> None:
    shutil.copy(load_catalogue().samples["openai_sora_pro_2_input_5.jpg"], tmp_path / "photo.jpg")
    without = frozenset() if shutil.which("node") else frozenset({"javascript"})
    # The documents' own `python` and `understudy` are those of this environment.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script(page, server.url, without=without)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=clean_environment() | {"PATH": path, "UNDERSTUDY_DATA": str(server.data), "HOME": str(tmp_path)},
        timeout=100,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert '"result":false' not in done.stdout.replace(" ", "")
    for name in MADE.get(page.name, ()):
        if "node" not in name or not without:
            assert (tmp_path / name).read_bytes()[4:8] == b"ftyp", name
    if any(block.language in without for block in blocks(page)):
        pytest.skip("everything ran but the JavaScript: there is no node here")


def test_the_pages_that_promise_examples_have_some() -> None:
    assert {ROOT / "README.md", *(ROOT / "docs" / f"{name}.md" for name in ("api", "client"))} <= set(
        RUNNABLE
    )
