"""The fake hub, and a folder of weights that is written once and copied for each test."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engines.ovi.weights.fake_hub import FakeHub, fake_hub
from understudy.engines.ovi.weights.tiny import write_tiny


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    with fake_hub() as running:
        yield running


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole folder of weights, not to be changed."""
    folder = tmp_path_factory.mktemp("written")
    write_tiny(folder)
    return folder


@pytest.fixture
def folder(written: Path, tmp_path: Path) -> Path:
    """A whole folder of weights of the test's own."""
    return Path(shutil.copytree(written, tmp_path / "weights"))
