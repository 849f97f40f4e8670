import base64
import json
from pathlib import Path
from typing import Any

import pytest

from understudy.config import TABLE, load_settings
from understudy.errors import ConfigurationError
from understudy.files.address import AddressGuard


def load(tmp_path: Path, toml: str | None = None, environ: dict[str, str] | None = None, **flags: Any) -> Any:
    file = None
    if toml is not None:
        file = tmp_path / "understudy.toml"
        file.write_text(toml)
    return load_settings(file, environ or {}, flags)


def test_nothing_given_means_the_defaults(tmp_path: Path) -> None:
    settings = load(tmp_path, environ={"HOME": "/home/ada"})
    assert settings.data == Path("/home/ada/.local/share/understudy")
    assert (settings.host, settings.port, settings.billing) == ("127.0.0.1", 8420, "off")
    assert settings.cast == {"chetwinlow1/ovi": ("ovi", "animatic"), "*": ("animatic",)}
    assert settings.engine == {}
    assert {settings.origin(row.name) for row in TABLE} == {"default"}


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        ({"HOME": "/h", "XDG_DATA_HOME": "/x"}, "/x/understudy"),
        ({"HOME": "/h", "XDG_DATA_HOME": "relative"}, "/h/.local/share/understudy"),
        ({"HOME": "/h", "XDG_DATA_HOME": "/x", "UNDERSTUDY_DATA": "/d"}, "/d"),
    ],
)
def test_the_data_folder_follows_xdg(tmp_path: Path, environ: dict[str, str], folder: str) -> None:
    assert load(tmp_path, environ=environ).data == Path(folder)


def test_a_flag_beats_the_environment_beats_the_file(tmp_path: Path) -> None:
    toml, environ = (
        "[server]\nport = 1\nhost = 'a'\nurl = 'http://a'",
        {"UNDERSTUDY_PORT": "2", "UNDERSTUDY_HOST": "b"},
    )
    settings = load(tmp_path, toml, environ, port=3, host=None)
    assert (settings.port, settings.host, settings.url) == (3, "b", "http://a")
    assert settings.origins == {"port": "flag", "host": "environment", "url": "file"}


def test_lists_and_tables_in_the_environment(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        environ={
            "UNDERSTUDY_ENGINES": "a.b:c, d:e",
            "UNDERSTUDY_TRUSTED_PROXIES": '["10.0.0.0/8"]',
            "UNDERSTUDY_ENGINE": '{"animatic": {"replicas": 2}}',
            "UNDERSTUDY_DRAIN_SECONDS": "2.5",
        },
    )
    assert settings.engines == ("a.b:c", "d:e")
    assert settings.trusted_proxies == ("10.0.0.0/8",)
    assert settings.engine == {"animatic": {"replicas": 2}}
    assert settings.drain_seconds == 2.5


def test_tables_are_laid_over_each_other(tmp_path: Path) -> None:
    toml = '[cast]\n"chetwinlow1/ovi" = ["ovi", "animatic"]\n[engine.ovi]\nreplicas = 1\n'
    settings = load(tmp_path, toml, {"UNDERSTUDY_CAST": '{"google/veo3-1": []}'})
    assert settings.cast == {"*": ("animatic",), "chetwinlow1/ovi": ("ovi", "animatic"), "google/veo3-1": ()}
    assert settings.engine == {"ovi": {"replicas": 1}}


@pytest.mark.parametrize(
    "entry", ["files.lan", "files.lan:8080", "10.1.2.3:8080", "10.1.0.0/16", "fd00::/8", "[fd00::1]:80"]
)
def test_places_may_have_a_port(tmp_path: Path, entry: str) -> None:
    settings = load(tmp_path, f"[server]\nallow_addresses = ['{entry}']")
    assert AddressGuard(settings.allow_addresses)


def test_paths_in_the_file_start_at_its_folder(tmp_path: Path) -> None:
    settings = load(tmp_path, 'data = "kept"\nmanifests = ["models", "/abs"]')
    assert settings.data == tmp_path / "kept"
    assert settings.manifests == (tmp_path / "models", Path("/abs"))


def test_every_setting_can_come_from_the_file_and_the_environment(tmp_path: Path) -> None:
    key = base64.b64encode(bytes(32)).decode()
    special: dict[str, Any] = {"data": "/d", "secret_key": key, "url": "http://a", "host": "::1"}
    for row in TABLE:
        value = special.get(row.name, row.default)
        if row.is_table:
            continue
        text = ",".join(value) if row.is_list else json.dumps(value) if value is True else str(value)
        lines = f"[{row.section}]\n" if row.section else ""
        lines += f"{row.key.rpartition('.')[2]} = {list(value) if row.is_list else text if value is True else repr(value)}"
        assert load(tmp_path, lines).origins == {row.name: "file"}
        if text:
            assert load(tmp_path, environ={row.environment: text}).origins == {row.name: "environment"}


@pytest.mark.parametrize(
    ("toml", "key", "reason"),
    [
        ("[server]\nport = 'x'", "server.port", "must be a whole number, not 'x'"),
        ("[server]\nport = 70000", "server.port", "must be <= 65535"),
        ("[server]\nport = true", "server.port", "must be a whole number"),
        ("[server]\nprot = 1", "server.prot", "did you mean server.port?"),
        ("port = 1", "port", "did you mean server.port?"),
        ("[sever]\nport = 1", "sever", "no such setting"),
        ("server = 1", "server", "must be a section, [server]"),
        ("data = 1", "data", "must be a path in quotes"),
        ("manifests = 'a'", "manifests", "must be a list"),
        ("billing = 'on'", "billing", "must be one of off, prepaid"),
        ("engines = ['a']", "engines", "no import path"),
        ("secret_key = 'short'", "secret_key", "base64"),
        ("secret_key = 'YWJj'", "secret_key", "must be 32 bytes in base64, not 3"),
        ("[cast]\novi = ['ovi']", "cast", "no model"),
        ("[cast]\n'a/b' = [1]", "cast.a/b", "must be text in quotes"),
        ("[cast]\n'*' = ['animatic']\n'a/b' = 'ovi'", "cast.a/b", "must be a list, not 'ovi'"),
        ("[engine]\nanimatic = 1", "engine.animatic", "must be a table"),
        ("[server]\nurl = 'example.com'", "server.url", "must start with http:// or https://"),
        ("[server]\nurl = 'http://a/$(reboot)'", "server.url", "must be a base address"),
        ("[server]\ntrusted_proxies = ['proxy']", "server.trusted_proxies", "no IP address or network"),
        ("[server]\nallow_addresses = ['a b']", "server.allow_addresses", "no host name"),
        ("[server]\nallow_addresses = ['10.0.0.1:70000']", "server.allow_addresses", "no host name"),
        ("[tasks]\nlease_seconds = 0", "tasks.lease_seconds", "must be >= 1"),
        ("[log]\nlevel = 'loud'", "log.level", "must be one of debug, info, warning, error"),
        ("[failover]\n'*' = 'sometimes'", "failover.*", "must be one of unpaid, always, never"),
        ("[limits]\nmax_upload_bytes = 900000000", "limits.max_request_bytes", "must not be less than"),
    ],
)
def test_what_is_wrong_in_the_file_is_named(tmp_path: Path, toml: str, key: str, reason: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load(tmp_path, toml)
    assert f"{key}: " in refused.value.message
    assert reason in refused.value.message
    if key != "limits.max_request_bytes":
        assert refused.value.message.startswith(str(tmp_path / "understudy.toml"))


@pytest.mark.parametrize(
    ("variable", "value", "reason"),
    [
        ("UNDERSTUDY_PORT", "x", "must be a whole number"),
        ("UNDERSTUDY_PORT", "tcp://10.0.0.1:8420", "enableServiceLinks"),
        ("UNDERSTUDY_PROT", "1", "did you mean UNDERSTUDY_PORT?"),
        ("UNDERSTUDY_CAST", "{", "not valid JSON"),
        ("UNDERSTUDY_CAST", "[]", "must be a table"),
    ],
)
def test_what_is_wrong_in_the_environment_is_named(
    tmp_path: Path, variable: str, value: str, reason: str
) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load(tmp_path, environ={variable: value})
    assert refused.value.message.startswith(f"{variable}: ")
    assert reason in refused.value.message


def test_variables_of_others_are_left_alone(tmp_path: Path) -> None:
    environ = {
        "UNDERSTUDY_SERVICE_HOST": "10.0.0.1",
        "UNDERSTUDY_API_KEY": "k",
        "PORT": "x",
        "UNDERSTUDY_PORT": "",
    }
    assert load(tmp_path, environ=environ).origins == {}


def test_a_secret_is_neither_in_errors_nor_in_representations(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load(tmp_path, "secret_key = 12345678")
    assert "12345678" not in refused.value.message
    key = base64.b64encode(b"x" * 32).decode()
    assert key not in repr(load(tmp_path, environ={"UNDERSTUDY_SECRET_KEY": key}))


@pytest.mark.parametrize(("content", "reason"), [(b"x", "not a TOML file"), (b"\xff", "not a TOML file")])
def test_a_file_that_is_not_toml(tmp_path: Path, content: bytes, reason: str) -> None:
    file = tmp_path / "a.toml"
    file.write_bytes(content)
    with pytest.raises(ConfigurationError, match=reason):
        load_settings(file, {}, {})


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_settings(tmp_path / "a.toml", {}, {})
