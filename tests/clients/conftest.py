"""Tests for other environments than the project's own: `make test-clients` runs them, and says where the server is.

Here only what that environment has may be imported: the client and pytest.
"""

import os
from pathlib import Path

import pytest

URL = "UNDERSTUDY_CLIENTS_URL"

# The project's own test run has other versions of these clients, or none.
collect_ignore_glob = [] if URL in os.environ else ["*"]


@pytest.fixture(scope="session")
def url() -> str:
    """The server's base address."""
    return os.environ[URL]


@pytest.fixture(scope="session")
def key() -> str:
    """The key of a project."""
    return os.environ["UNDERSTUDY_CLIENTS_KEY"]


@pytest.fixture(scope="session")
def other_key() -> str:
    """The key of another project."""
    return os.environ["UNDERSTUDY_CLIENTS_OTHER_KEY"]


@pytest.fixture(scope="session")
def photo() -> Path:
    """A picture, JPEG."""
    return Path(os.environ["UNDERSTUDY_CLIENTS_PHOTO"])
