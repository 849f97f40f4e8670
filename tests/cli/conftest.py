from tests.client.conftest import stand_in, stand_in_server

__all__ = ["stand_in", "stand_in_server"]
