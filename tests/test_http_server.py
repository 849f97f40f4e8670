import socket

import pytest

from understudy.errors import ConfigurationError
from understudy.http_server import address_of, listening


def test_a_free_port_and_its_address() -> None:
    with listening("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        assert address_of(listener) == f"http://127.0.0.1:{port}"
        socket.create_connection(("127.0.0.1", port), timeout=5).close()


def test_a_host_that_means_every_address_is_not_told_to_clients() -> None:
    with listening("0.0.0.0", 0) as listener:
        assert address_of(listener).startswith("http://127.0.0.1:")


def test_an_ipv6_address_has_brackets() -> None:
    with listening("::1", 0) as listener:
        assert address_of(listener) == f"http://[::1]:{listener.getsockname()[1]}"


def test_a_port_that_somebody_else_has() -> None:
    with listening("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        with (
            pytest.raises(ConfigurationError, match=f"127.0.0.1 port {port} .*Choose another with --port"),
            listening("127.0.0.1", port),
        ):
            pass
