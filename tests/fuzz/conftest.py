from collections.abc import Iterator

import pytest

from tests.fuzz.budget import LONGEST
from tests.fuzz.target import Target
from tests.server.caller import caller
from understudy.testing.live import live


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    with live(tmp_path_factory.mktemp("server"), engine="instant") as server, caller(server) as project:
        shot_at = Target(server, project)
        shot_at.warm()
        yield shot_at


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "/fuzz/" in str(item.path):
            item.add_marker(pytest.mark.timeout(LONGEST))
