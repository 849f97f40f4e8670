"""The engine's page names every option and profile, and its examples are settings that work."""

import re
import tomllib

import pytest

from tests.docs.pages import ROOT, blocks, read, section
from understudy.engines.openai_videos import options as settings
from understudy.engines.openai_videos.options import missing, read_options
from understudy.engines.openai_videos.profiles import PROFILES

PAGE = "engines/openai_videos"
EXAMPLES = [block.text for block in blocks(ROOT / "docs" / f"{PAGE}.md") if block.language == "toml"]


def rows(headline: str) -> list[str]:
    """What the table below a headline has in its first column."""
    return re.findall(r"^\| `([\w-]+)` \|", section(read(PAGE), headline), re.MULTILINE)


def test_every_option_is_in_the_table() -> None:
    assert set(rows("Options")) == settings._OURS


def test_every_profile_is_in_the_table() -> None:
    assert rows("Profiles") == list(PROFILES)


@pytest.mark.parametrize("profile", PROFILES)
def test_what_the_table_says_of_a_profile(profile: str) -> None:
    found = re.search(rf"^\| `{profile}` \|(.*)\|$", section(read(PAGE), "Profiles"), re.MULTILINE)
    assert found
    key, sizes, seconds, listed, deletion, more = (cell.strip() for cell in found[1].split("|"))
    known = PROFILES[profile]
    assert ("none" in key) is not known.needs_key
    assert ("api-key" in key) is (known.header == "api-key")
    assert (
        sizes == "any" if known.rules.any_size else all(size in sizes for size in known.rules.sizes.values())
    )
    assert seconds == (", ".join(map(str, known.rules.seconds)) or "any")
    assert listed == {"none": "none", "some": "yes", "all": "complete"}[known.lists]
    assert (deletion == "none") is not known.deletes
    assert ("stops" in deletion) is known.cancels
    assert len(more.split(", ") if more else []) == len(known.rules.fields)


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_examples_are_settings(example: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("VIDEOS_EXAMPLE_KEY", "AZURE_OPENAI_KEY"):
        monkeypatch.setenv(name, "secret")
    for name, options in tomllib.loads(example)["engine"].items():
        read_back = read_options({"name": name, **options})
        assert missing(read_back) == () or set(options) == {"prices"}
