"""What `config show` and the page of settings tell, and what they keep to themselves."""

from pathlib import Path
from typing import Any

import pytest

from understudy.config.settings import Settings
from understudy.config.shown import shown, text


def told(name: str, value: Any) -> Any:
    rows = {row.name: value for row, value, _ in shown(Settings(data=Path("/data"), **{name: value}))}
    return rows[name]


@pytest.mark.parametrize(
    ("given", "seen"),
    [
        ({"api_key": "hunter2"}, {"api_key": "***"}),
        ({"API_Token": "hunter2", "size": "720p"}, {"API_Token": "***", "size": "720p"}),
        ({"api_key": ""}, {"api_key": ""}),
        ({"headers": {"Authorization": "hunter2"}}, {"headers": {"Authorization": "***"}}),
        ({"headers": {"x-auth": "Bearer hunter2"}}, {"headers": {"x-auth": "***"}}),
        ({"credentials": {"user": "hunter2"}}, {"credentials": "***"}),
        ({"credentials_file": "/etc/google.json"}, {"credentials_file": "/etc/google.json"}),
        ({"headers": [{"cookie": "hunter2"}, "a"]}, {"headers": [{"cookie": "***"}, "a"]}),
        ({"base_url": "https://ada:hunter2@box/v1"}, {"base_url": "https://***@box/v1"}),
        ({"base_url": "https://ada:hun@ter2@box/v1"}, {"base_url": "https://***@box/v1"}),
        ({"base_url": "https://box/v1?a=1&api_key=hunter2"}, {"base_url": "https://box/v1?a=1&api_key=***"}),
        ({"base_url": "https://box/v1?sig=hunter2&a=1"}, {"base_url": "https://box/v1?sig=***&a=1"}),
        ({"base_url": "https://box/v1"}, {"base_url": "https://box/v1"}),
        ({"auth": "hunter2", "DB_PASS": "hunter2"}, {"auth": "***", "DB_PASS": "***"}),
        ({"headers": {"x-auth": "hunter2"}}, {"headers": {"x-auth": "***"}}),
        ({"author": "Ada", "compass": "north"}, {"author": "Ada", "compass": "north"}),
        ({"where": "host=db password=hunter2 port=1"}, {"where": "host=db password=*** port=1"}),
        ({"run": ["play", "--api-key=hunter2", "--size=2"]}, {"run": ["play", "--api-key=***", "--size=2"]}),
        ({"replicas": 2, "persistent": True}, {"replicas": 2, "persistent": True}),
    ],
)
def test_engines_options_without_their_secrets(given: dict[str, Any], seen: dict[str, Any]) -> None:
    assert told("engine", {"box": given}) == {"box": seen}


@pytest.mark.parametrize(
    ("name", "given", "seen"),
    [
        ("database", "postgresql://ada:hunter2@db/understudy", "***"),
        ("database", "", ""),
        ("secret_key", "hunter2", "***"),
        ("storage", "s3://ada:hunter2@bucket/prefix", "s3://***@bucket/prefix"),
        ("storage", "s3://bucket?secret_access_key=hunter2", "s3://bucket?secret_access_key=***"),
        ("storage", "s3://bucket/prefix", "s3://bucket/prefix"),
        ("allow_addresses", ("10.0.0.0/8", "db"), ("10.0.0.0/8", "db")),
    ],
)
def test_settings_without_their_secrets(name: str, given: object, seen: object) -> None:
    assert told(name, given) == seen


@pytest.mark.parametrize(
    ("value", "line"),
    [
        (True, "true"),
        (5, "5"),
        ("on", "on"),
        (("a", "b"), '["a","b"]'),
        ({"*": ("a",)}, '{"*":["a"]}'),
        (Path("/data"), "/data"),
    ],
)
def test_a_value_is_one_line(value: object, line: str) -> None:
    assert text(value) == line
