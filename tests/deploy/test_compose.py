"""The compose file: of the specification's schema, and of one mind with the program, the proxy and the page."""

import base64
import binascii
import ipaddress
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.files import DEPLOY, compose, filled
from tests.docs.pages import ROOT, blocks
from understudy.config import load_settings

SERVICES: dict[str, dict[str, Any]] = compose()["services"]
OURS = ("api", "dispatcher", "migrate")


def seconds(text: str) -> float:
    assert text.endswith("s")
    return float(text[:-1])


def test_the_schema() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run(
        [*command, DEPLOY / "compose.yaml"], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", OURS)
def test_the_settings_are_good(name: str) -> None:
    environment = {key: filled(value) for key, value in SERVICES[name]["environment"].items()}
    settings = load_settings(None, environment, {})
    assert settings.trusted_proxies == (compose()["networks"]["front"]["ipam"]["config"][0]["subnet"],)
    assert seconds(SERVICES[name]["stop_grace_period"]) >= settings.drain_seconds + 10
    bucket = settings.storage.removeprefix("s3://")
    assert (
        SERVICES["bucket"]["entrypoint"][-1] == f"{SERVICES['s3']['environment']['VGW_BACKEND_ARG']}/{bucket}"
    )
    assert environment["AWS_ENDPOINT_URL"] == f"http://s3{SERVICES['s3']['environment']['VGW_PORT']}"


def test_services_wait_for_services_that_tell_when_they_are_ready() -> None:
    for name, service in SERVICES.items():
        for other, how in service.get("depends_on", {}).items():
            told = SERVICES[other]
            if how["condition"] == "service_healthy":
                # Ours have the health check of their image.
                assert "healthcheck" in told or "build" in told, f"{name} waits for {other}"
            else:
                assert told["restart"] == "no", f"{name} waits for the end of {other}"


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_bounded_and_comes_back(name: str) -> None:
    service = SERVICES[name]
    assert "mem_limit" in service
    assert service["restart"] == ("no" if name in ("migrate", "bucket") else "unless-stopped")
    if "build" not in service:
        tag = service["image"].rpartition(":")[2]
        assert re.search(r"\d+\.\d+", tag), f"{service['image']} is not pinned"


def test_only_the_proxy_is_reached_from_outside_and_the_database_reaches_nothing() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    networks = compose()["networks"]
    assert networks["back"]["internal"]
    assert {name for name, service in SERVICES.items() if "front" in service.get("networks", ())} == {
        "proxy",
        "api",
    }
    for name in ("postgres", "s3"):
        assert SERVICES[name]["networks"] == ["back"]
    assert ipaddress.ip_network(networks["front"]["ipam"]["config"][0]["subnet"]).is_private


def test_the_proxy_asks_where_the_api_listens() -> None:
    text = (DEPLOY / "Caddyfile").read_text()
    settings = load_settings(None, {}, {})
    assert re.search(rf"dynamic a api {settings.port} \{{", text)
    listen = SERVICES["proxy"]["ports"][0].rpartition(":")[2]
    assert f"\n:{listen} {{" in text


def test_the_page_writes_every_secret_that_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "deploy").mkdir()
    (snippet,) = (b.text for b in blocks(ROOT / "docs" / "install.md") if "cat > deploy/.env" in b.text)
    subprocess.run(["bash", "-euo", "pipefail", "-c", snippet], cwd=tmp_path, check=True, timeout=20)
    file = tmp_path / "deploy" / ".env"
    assert file.stat().st_mode & 0o077 == 0
    written = dict(line.split("=", 1) for line in file.read_text().splitlines())
    assert set(written) == set(re.findall(r"\$\{(\w+):\?", (DEPLOY / "compose.yaml").read_text()))
    try:
        assert len(base64.b64decode(written["UNDERSTUDY_SECRET_KEY"], validate=True)) == 32
    except binascii.Error as error:
        raise AssertionError("the secret key is not in base64") from error
    assert re.fullmatch(r"[0-9a-f]{32,}", written["POSTGRES_PASSWORD"]), "it stands in an address"
