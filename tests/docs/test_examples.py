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


def script(page: Path, address: str) -> str:
    """All that runs of a page, as one shell session."""
    return "\n".join(
        _pasted(block).replace(ADDRESS, address) for block in blocks(page) if block.purpose == "run"
    )


def _pasted(block: Block) -> str:
    if block.language == "python":
        return f"python - <<'END OF EXAMPLE'\n{block.text}END OF EXAMPLE"
    assert block.language == "bash", block.language
    return block.text


@pytest.mark.parametrize("page", RUNNABLE, ids=lambda page: page.name)
def test_the_examples_of_a_page(page: Path, server: Live, tmp_path: Path) -> None:
    shutil.copy(load_catalogue().samples["openai_sora_pro_2_input_5.jpg"], tmp_path / "photo.jpg")
    # The documents' own `python` and `understudy` are those of this environment.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script(page, server.url)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=clean_environment() | {"PATH": path, "UNDERSTUDY_DATA": str(server.data), "HOME": str(tmp_path)},
        timeout=100,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert '"result":false' not in done.stdout.replace(" ", "")


def test_the_pages_that_promise_examples_have_some() -> None:
    assert {ROOT / "README.md", *(ROOT / "docs" / f"{name}.md" for name in ("api", "client"))} <= set(
        RUNNABLE
    )
