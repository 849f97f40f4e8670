import json
from pathlib import Path

import pytest

from understudy.client import NotConfigured, find_credentials

KEPT = {"url": "http://127.0.0.1:8420", "api_key": "kept", "api_secret": "s", "auth": "signature"}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "credentials.json").write_text(json.dumps(KEPT))
    return tmp_path


def test_arguments_beat_the_environment_beats_the_file(data: Path) -> None:
    environ = {"UNDERSTUDY_URL": "http://env/", "UNDERSTUDY_API_KEY": "env", "UNDERSTUDY_API_SECRET": "t"}
    given = find_credentials(environ, url="https://arg", api_key="arg", api_secret="u", data=data)
    assert (given.url, given.api_key, given.api_secret) == ("https://arg", "arg", "u")
    found = find_credentials(environ, data=data)
    assert (found.url, found.api_key, found.api_secret, found.auth) == ("http://env", "env", "t", "signature")
    kept = find_credentials({"UNDERSTUDY_DATA": str(data)})
    assert (kept.url, kept.api_key, kept.api_secret) == (KEPT["url"], "kept", "s")


def test_a_key_without_a_secret_is_that_of_a_key_only_project(data: Path) -> None:
    found = find_credentials({"UNDERSTUDY_API_KEY": "k"}, data=data)
    assert (found.url, found.auth, found.api_secret) == (KEPT["url"], "key", "")


def test_kept_keys_go_only_where_they_belong(data: Path) -> None:
    assert find_credentials({}, url=KEPT["url"] + "/", data=data).api_key == "kept"
    with pytest.raises(NotConfigured, match="No keys are known for http://elsewhere"):
        find_credentials({}, url="http://elsewhere", data=data)


def test_what_is_missing_or_broken_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotConfigured, match="understudy serve"):
        find_credentials({}, data=tmp_path)
    with pytest.raises(NotConfigured, match="must start with"):
        find_credentials({}, url="localhost:8420", api_key="k")
    (tmp_path / "credentials.json").write_text("{")
    with pytest.raises(NotConfigured, match="damaged"):
        find_credentials({}, data=tmp_path)


@pytest.mark.parametrize("key", ["clé", "k\n", "k\0"])
def test_what_cannot_be_a_key_is_said_and_not_repeated(key: str) -> None:
    with pytest.raises(NotConfigured, match="characters in it that no key has") as refused:
        find_credentials({"UNDERSTUDY_URL": "http://a", "UNDERSTUDY_API_KEY": key})
    assert key not in refused.value.message


def test_secrets_are_not_in_representations(data: Path) -> None:
    assert "kept" not in repr(find_credentials({}, data=data))
