from pathlib import Path

import pytest

from understudy.config import Settings, load_settings
from understudy.errors import ConfigurationError
from understudy.stores import open_projects, open_store


def settings(data: Path) -> Settings:
    return load_settings(None, {}, {"data": data})


async def test_projects_of_a_folder_that_is_made_for_them(tmp_path: Path) -> None:
    async with open_projects(settings(tmp_path / "data"), make=True) as projects:
        made = await projects.create("studio")
    async with open_projects(settings(tmp_path / "data")) as projects:
        assert [project.name for project in await projects.list()] == ["studio"]
        assert projects.has_key(made.project, made.api_key)


async def test_a_store_that_a_server_left(tmp_path: Path) -> None:
    async with open_projects(settings(tmp_path), make=True) as projects:
        await projects.create("studio")
    async with open_store(settings(tmp_path)) as store:
        assert await store.purchases() == []
        assert [project.name for project in await store.projects()] == ["studio"]


async def test_nothing_is_made_by_looking(tmp_path: Path) -> None:
    for opened in (open_projects, open_store):
        with pytest.raises(ConfigurationError, match="no data folder of Understudy"):
            async with opened(settings(tmp_path / "missing")):
                pass
    assert list(tmp_path.iterdir()) == []
