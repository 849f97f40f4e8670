from pathlib import Path

import pytest

from understudy.casting import cast_of
from understudy.catalogue.catalogue import Catalogue
from understudy.catalogue.loader import load_catalogue
from understudy.config import load_settings
from understudy.engines.cast import Cast
from understudy.engines.engine import LocalEngine, RemoteEngine
from understudy.errors import ConfigurationError

stays = LocalEngine(name="stays", version="1", pipeline="m:f")
stands_in = LocalEngine(name="stands_in", version="1", pipeline="m:f", preview=True)
far = RemoteEngine(name="far", version="1", partner="m:f")

OVI = "chetwinlow1/ovi"


def cast_with(folder: Path, lines: str, catalogue: Catalogue | None = None) -> Cast:
    file = folder / "understudy.toml"
    paths = [f"{__name__}:{name}" for name in ("stays", "stands_in", "far")]
    file.write_text(f"engines = {paths}\n{lines}\n")
    settings = load_settings(file, {}, {"data": folder / "data"})
    return cast_of(settings, catalogue or load_catalogue(settings.manifests))


def test_engines_that_the_operator_names_and_further_ones_of_a_kind(tmp_path: Path) -> None:
    cast = cast_with(
        tmp_path, f'[cast]\n"{OVI}" = ["near", "stays"]\n[engine.near]\nkind = "far"\nbase_url = "x"'
    )
    near = cast.named("near")
    assert isinstance(near, RemoteEngine)
    assert near.partner == far.partner
    assert cast.options(near)["base_url"] == "x"


def test_a_persistent_model_keeps_its_own_engine_loaded(tmp_path: Path) -> None:
    models = load_catalogue(()).models
    persistent = {model.address for model in models if model.persistent}
    assert OVI in persistent
    cast = cast_with(tmp_path, f'[cast]\n"*" = []\n"{OVI}" = ["far", "stays", "stands_in"]')
    assert cast.options(stays)["persistent"] is True
    for engine in (stands_in, far):
        assert "persistent" not in cast.options(engine)
    cast = cast_with(tmp_path, f'[cast]\n"{OVI}" = ["stays"]\n[engine.stays]\npersistent = false')
    assert cast.options(stays)["persistent"] is False


def test_a_cast_of_nobody_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="there is no engine 'nobody'"):
        cast_with(tmp_path, f'[cast]\n"{OVI}" = ["nobody"]')
