"""Jobs with folders of their own."""

from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from understudy.engines.engine import Job


@pytest.fixture
def job(tmp_path: Path) -> Callable[..., Job]:
    """A function from a prompt to a new job."""
    numbers = count()

    def new(prompt: str = "") -> Job:
        folder = tmp_path / str(next(numbers))
        folder.mkdir()
        return Job(
            id="job", model="some/model", values={"prompt": prompt}, files={}, seed=1, folder=str(folder)
        )

    return new
