"""One tiny model for all tests of a process; small tensors gain nothing from threads, and tests run side by side."""

from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="the extra [ltx2] is not installed")


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the tiny model."""
    from understudy.engines.ltx2.tiny import write_tiny

    folder = tmp_path_factory.mktemp("weights") / "tiny-ltx2"
    write_tiny(folder)
    return folder
