"""The engine's page says what there is."""

import re
import tomllib
from pathlib import Path

import msgspec
import pytest

from understudy.engines.ltx2.options import Options, read_options
from understudy.engines.ltx2.weights import remedy
from understudy.engines.mappings.ltx2 import MOST_PIXELS, MOST_SECONDS

PAGE = (Path(__file__).parents[3] / "docs" / "engines" / "ltx2.md").read_text("utf-8")


def test_every_option_has_its_line_and_no_other() -> None:
    shown = re.findall(r"^\| `(\w+)` \| ", PAGE, re.MULTILINE)
    assert shown == [field.name for field in msgspec.structs.fields(Options)]
    assert f"`{MOST_PIXELS}` (1920 x 1088)" in PAGE
    assert f"| `{MOST_SECONDS}` |" in PAGE


@pytest.mark.parametrize("file", ["ltx2.toml", "tiny-ltx2.toml"])
def test_the_settings_that_are_shown_are_taken(file: str) -> None:
    (shown,) = re.findall(rf"^```toml {re.escape(file)}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    read_options(tomllib.loads(shown)["engine"]["ltx2"])


def test_the_download_that_is_shown_is_the_remedy() -> None:
    (command,) = re.findall(r"^\$ (hf download .*?) --local-dir", PAGE, re.MULTILINE)
    assert command in remedy("/srv/weights/ltx2")
