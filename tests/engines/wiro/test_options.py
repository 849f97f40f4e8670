import subprocess
import sys
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from tests.engines.wiro.bench import tools
from understudy.engines.wiro import engine
from understudy.engines.wiro.options import read_server, remote_model
from understudy.engines.wiro.partner import connect
from understudy.errors import ConfigurationError

GOOD = {"base_url": "https://video.example.com", "api_key": "k", "api_secret": "s"}


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("https://video.example.com", "https://video.example.com"),
        ("https://api.example.com/v1/", "https://api.example.com"),
        ("http://10.0.0.5:8420/video", "http://10.0.0.5:8420/video"),
    ],
)
def test_addresses(given: str, url: str) -> None:
    assert read_server({**GOOD, "base_url": given}).base_url == url


def test_what_is_not_set() -> None:
    server = read_server(GOOD)
    assert (server.profile, server.timeout) == ("hosted", 60)


def test_prices() -> None:
    prices = read_server({**GOOD, "prices": {"720p": 0.3, "clip": 1}}).prices
    assert prices == {"720p": Decimal("0.3"), "clip": Decimal(1)}


def test_secrets_from_the_environment() -> None:
    options = {"base_url": GOOD["base_url"], "api_key_env": "THEIR_KEY", "api_secret_env": "THEIR_SECRET"}
    server = read_server(options, {"THEIR_KEY": "key", "THEIR_SECRET": "secret"})
    assert (server.api_key, server.api_secret) == ("key", "secret")
    with pytest.raises(ConfigurationError, match=r"engine\.wiro\.api_key_env: .* THEIR_KEY is not set"):
        read_server(options, {})


@pytest.mark.parametrize(
    ("wrong", "key"),
    [
        ({"base_url": None}, "base_url"),
        ({"base_url": "video.example.com"}, "base_url"),
        ({"base_url": "https://user:hunter2@video.example.com"}, "base_url"),
        ({"base_url": "https://video.example.com/?a=b"}, "base_url"),
        ({"base_url": "https://video.example.com/#a"}, "base_url"),
        ({"api_key": None}, "api_key"),
        ({"api_key": 7}, "api_key"),
        ({"api_key": "zwölf"}, "api_key"),
        ({"api_secret": ["s"]}, "api_secret"),
        ({"profile": "wiro"}, "profile"),
        ({"timeout_seconds": 0}, "timeout_seconds"),
        ({"timeout_seconds": "60"}, "timeout_seconds"),
        ({"api_secrt": "s"}, "api_secrt"),
        ({"prices": 0.3}, "prices"),
        ({"prices": {"seconds": 0.3}}, "prices"),
        ({"prices": {"second": -1}}, "prices"),
        ({"prices": {"720p": True}}, "prices"),
        ({"model": "sora-2-pro"}, "model"),
        ({"model": {"openai/sora-2-pro": "../Task"}}, "model"),
        ({"model": {"openai/sora-2-pro": 2}}, "model"),
    ],
)
def test_what_is_wrong_is_named(wrong: dict[str, Any], key: str) -> None:
    options = {name: value for name, value in {**GOOD, **wrong}.items() if value is not None}
    for name in ("wiro", "second"):
        with pytest.raises(ConfigurationError, match=rf"^engine\.{name}\.{key}: ") as error:
            connect({**options, "name": name}, tools(lambda: 0))
        assert "hunter2" not in error.value.message
    answer = engine.availability(options)
    assert not answer.ok
    assert f"engine.wiro.{key}" in answer.reason
    assert "[engine.wiro]" in answer.remedy


def test_what_is_set_is_available() -> None:
    assert engine.availability(GOOD).ok


@pytest.mark.parametrize(
    ("given", "remote"),
    [
        ({}, "openai/sora-2-pro"),
        ({"model": "acme/sora"}, "acme/sora"),
        ({"model": {"OpenAI/sora.2-pro": "acme/sora"}}, "acme/sora"),
        ({"model": {"google/veo3-1": "acme/veo"}}, "openai/sora-2-pro"),
    ],
)
def test_models_there(given: dict[str, Any], remote: str) -> None:
    assert remote_model(given, "openai/sora-2-pro") == remote


def test_treatments_follow_the_option() -> None:
    contract = SimpleNamespace(address="google/veo3-1", input_ids=("prompt", "seed"))
    assert [row.how for row in engine.treats(contract, {})] == ["honoured", "honoured"]
    (_, seed) = engine.treats(contract, {"model": "openai/sora-2-pro"})
    assert (seed.how, seed.note) == ("dropped", "It takes no seed.")


def test_the_description_is_light() -> None:
    code = "import sys, understudy.engines.wiro as w; print(w.engine.name, *(set(sys.modules) & {'httpx', 'PIL', 'numpy'}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["wiro"]
