from collections.abc import Iterator

import pytest

from tests.client.stand_in import StandIn, running_stand_in


@pytest.fixture(scope="session")
def stand_in_server() -> Iterator[StandIn]:
    with running_stand_in() as running:
        yield running


@pytest.fixture
def stand_in(stand_in_server: StandIn) -> StandIn:
    stand_in_server.reset()
    return stand_in_server
