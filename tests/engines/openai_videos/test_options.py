"""What an operator sets: what is wrong is named as it was written, and no key is ever shown."""

import logging
import subprocess
import sys
from typing import Any

import pytest
from rich.pretty import pretty_repr

from understudy.catalogue.loader import load_catalogue
from understudy.engines.openai_videos import engine
from understudy.engines.openai_videos.options import complete, missing, read_options
from understudy.engines.openai_videos.partner import load
from understudy.engines.openai_videos.profiles import PROFILES
from understudy.engines.partner import Tools
from understudy.errors import ConfigurationError
from understudy.testing.partners.clock import VirtualClock

GOOD: dict[str, Any] = {"base_url": "https://v.example.com/v1/", "api_key": "secret", "model": "sora-2"}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("profile", "sora"),
        ("profile", 7),
        ("base_url", "v.example.com"),
        ("base_url", "ftp://v.example.com"),
        ("base_url", "https://secret@v.example.com"),
        ("base_url", "https://v.example.com?key=secret"),
        ("base_url", "https://v.example.com:99999"),
        ("base_url", 7),
        ("api_key", 7),
        ("api_key", ""),
        ("api_key_env", 7),
        ("model", 7),
        ("model", {"openai/sora-2-pro": 7}),
        ("sizes", {}),
        ("sizes", {"720p": "1280*720"}),
        ("sizes", {"720p": 720}),
        ("sizes", {"large": "1280x720"}),
        ("sizes", ["1280x720"]),
        ("seconds", 4),
        ("seconds", [4, "8"]),
        ("seconds", [0]),
        ("seconds", [True]),
        ("prices", {"720p": "much"}),
        ("prices", {"720p": -1}),
        ("prices", {"720p": "nan"}),
        ("prices", {"720p": True}),
        ("prices", {"large": 1}),
        ("fields", {"seed": 7}),
        ("fields", {"seed": 'a"; x'}),
        ("fields", {"prompt": "text"}),
        ("fields", {"colour": "colour"}),
        ("charges_failed", "no"),
        ("timeout_seconds", 0),
        ("timeout_seconds", "soon"),
        ("colour", "red"),
    ],
)
def test_a_wrong_option_is_named(key: str, value: object) -> None:
    options = {name: of for name, of in GOOD.items() if key != "api_key_env" or name != "api_key"}
    with pytest.raises(ConfigurationError, match=rf"^engine\.openai_videos\.{key}: ") as raised:
        read_options({**options, key: value}, {})
    assert "secret" not in str(raised.value)
    told = engine.availability({**options, key: value})
    assert not told.ok
    assert "[engine.openai_videos]" in told.remedy


def test_an_engine_of_another_name_is_called_by_it() -> None:
    with pytest.raises(ConfigurationError, match=r"^engine\.farm\.seconds: "):
        read_options({"name": "farm", "kind": "openai_videos", "seconds": "4"})


@pytest.mark.parametrize("profile", PROFILES)
def test_what_is_missing(profile: str) -> None:
    free = profile in ("vllm-omni", "sglang", "fastvideo")
    lacks = missing(read_options({"profile": profile}, {}))
    assert [line.split()[0].removeprefix("engine.openai_videos.") for line in lacks] == (
        ["base_url"] if free else ["base_url", "api_key"] + (["model"] if profile != "openai" else [])
    )
    told = engine.availability({"profile": profile})
    assert not told.ok
    assert all(line in told.remedy for line in lacks)
    with pytest.raises(ConfigurationError, match="base_url"):
        complete({"profile": profile})


def test_what_is_complete_is_available() -> None:
    assert engine.availability(GOOD).ok
    assert engine.availability({"profile": "sglang", "base_url": "http://10.0.0.7:30000/v1"}).ok


def test_a_key_from_the_environment() -> None:
    options = {"base_url": "https://v.example.com/v1", "api_key_env": "V_KEY", "model": "sora-2"}
    assert read_options(options, {"V_KEY": "secret"}).api_key == "secret"
    with pytest.raises(ConfigurationError, match=r"^engine\.openai_videos\.api_key_env: .* V_KEY is not set"):
        read_options(options, {})
    # What is set for OpenAI's own tools is not sent to any address that somebody sets here.
    assert read_options({"base_url": "https://v.example.com/v1"}, {"OPENAI_API_KEY": "secret"}).api_key == ""


def test_models_by_contract() -> None:
    table = {"openai/sora-2-pro": "sora-2-pro", "google/veo3-1": "wan"}
    read = read_options({"model": table})
    assert [read.model(contract) for contract in (*table, "chetwinlow1/ovi")] == ["sora-2-pro", "wan", ""]
    assert read_options({"model": "wan"}).model("chetwinlow1/ovi") == "wan"
    # The protocol's own model has the contract's name.
    assert read_options({}).model("openai/sora-2-pro") == "sora-2-pro"
    assert read_options({}).model("google/veo3-1") == ""
    assert read_options({"profile": "gateway"}).model("openai/sora-2-pro") == ""


async def test_the_key_is_never_shown(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    partner = load(GOOD, Tools(fetch=None, clock=VirtualClock()))  # type: ignore[arg-type]
    try:
        shown = [
            pretty_repr(read_options(GOOD)),
            repr(read_options(GOOD)),
            repr(partner),
            *(repr(value) for value in vars(partner).values()),
        ]
    finally:
        await partner.close()
    assert not any("secret" in text for text in (*shown, caplog.text))


def test_which_servers_stop_jobs() -> None:
    assert [name for name in PROFILES if engine.cancels({"profile": name})] == ["vllm-omni"]


def test_who_played_is_told() -> None:
    assert engine.labels(GOOD) == {"profile": "openai", "model": "sora-2"}
    assert engine.labels({"profile": "sglang"}) == {"profile": "sglang"}


@pytest.mark.parametrize(
    ("contract", "options", "treated"),
    [
        (
            "openai/sora-2-pro",
            {"model": "sora-2-pro"},
            "inputImage+ prompt+ seconds~ resolution~ ratio+",
        ),
        (
            "google/veo3-1",
            {},
            (
                "inputImage+ prompt+ generateAudio~ aspectRatio+ resolution~ negativePrompt- enhancePrompt-"
                " personGeneration- seed- durationSeconds~"
            ),
        ),
        (
            "google/veo3-1",
            {"profile": "vllm-omni"},
            (
                "inputImage+ prompt+ generateAudio+ aspectRatio+ resolution+ negativePrompt+ enhancePrompt-"
                " personGeneration- seed+ durationSeconds+"
            ),
        ),
        (
            "chetwinlow1/ovi",
            {"profile": "sglang"},
            "inputImage+ prompt+ negativePrompt+ audioNegativePrompt- resolution+ steps+ seed+",
        ),
    ],
)
def test_what_becomes_of_each_input(contract: str, options: dict[str, Any], treated: str) -> None:
    model = load_catalogue().find(*contract.split("/"))
    assert model is not None
    marks = {"honoured": "+", "approximated": "~", "dropped": "-"}
    rows = engine.treats(model, options)
    assert " ".join(f"{row.input}{marks[row.how]}" for row in rows) == treated
    assert all(row.note for row in rows if row.how != "honoured")


def test_the_description_is_light() -> None:
    """A server without this engine in its cast loads neither the SDK nor the adapter."""
    code = (
        "import sys; from understudy.engines.openai_videos import engine; "
        "heavy = {'openai', 'httpx', 'httpx2', 'PIL', 'numpy'} & set(sys.modules); "
        "ours = [name for name in sys.modules if name.startswith('understudy.engines.openai_videos.')]; "
        "assert not heavy and not ours, (heavy, ours); "
        "engine.availability({}); assert 'openai' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
