"""What takes minutes runs if it is asked for: `make test-fire`, or `pytest -m fire`."""

from pathlib import Path

import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is marked `fire`, unless marks are chosen by the command."""
    if config.option.markexpr:
        return
    here = Path(__file__).parent
    long = [
        item
        for item in items
        if item.path.is_relative_to(here) and item.get_closest_marker("fire") is not None
    ]
    items[:] = [item for item in items if item not in long]
    config.hook.pytest_deselected(items=long)
