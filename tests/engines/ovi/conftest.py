"""Small tensors gain nothing from threads, and tests run side by side."""

import pytest

torch = pytest.importorskip("torch", reason="the extra [ovi] is not installed")


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    torch.set_num_threads(1)
