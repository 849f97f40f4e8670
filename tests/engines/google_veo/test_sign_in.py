"""Service accounts: a token is fetched before anything is sent, and nothing is bought without one."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from rich.pretty import pretty_repr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.engines.google_veo.setting import job, no_fetch
from understudy.engines.google_omni import options as omni_options
from understudy.engines.google_veo import engine
from understudy.engines.google_veo import options as veo_options
from understudy.engines.google_veo.adapter import partner
from understudy.engines.partner import Tools
from understudy.errors import ConfigurationError, NotAccepted, PartnerAway
from understudy.testing.partners.google_veo import GoogleVeo
from understudy.testing.partners.serving import serving

TOOLS = Tools(fetch=no_fetch, clock=lambda: 0.0)


@contextmanager
def sign_in(status: int = 200) -> Iterator[str]:
    """Where tokens are had, or refused."""

    async def token(request: Request) -> Response:
        assert b"assertion=" in await request.body()
        if status != 200:
            return JSONResponse({"error": "invalid_grant", "error_description": "no such account"}, status)
        return JSONResponse({"access_token": "test-key", "expires_in": 3600, "token_type": "Bearer"})

    with serving(Starlette(routes=[Route("/token", token, methods=["POST"])])) as url:
        yield f"{url}/token"


def account(folder: Path, token_uri: str) -> str:
    """The file of a service account."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    path = folder / "account.json"
    path.write_text(
        json.dumps(
            {
                "type": "service_account",
                "project_id": "films",
                "private_key_id": "1",
                "private_key": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
                "client_email": "films@films.iam.gserviceaccount.com",
                "token_uri": token_uri,
            }
        )
    )
    return str(path)


def options(url: str, file: str) -> dict[str, object]:
    return {"base_url": url, "project": "films", "location": "us-central1", "credentials_file": file}


async def test_a_service_account(tmp_path: Path) -> None:
    fake = GoogleVeo(seconds=0)
    with serving(fake.app) as url, sign_in() as token_uri:
        given = options(url, account(tmp_path, token_uri))
        assert engine.availability(given).ok
        made = partner(given, TOOLS)
        id = await made.submit(await made.prepare(job()), "key-1", "")
        assert id.startswith("projects/films/locations/us-central1/")
        await made.fetch(id, tmp_path)
        await made.close()
    assert {each.headers["authorization"] for each in fake.requests} == {"Bearer test-key"}
    assert fake.paid == 1


@pytest.mark.parametrize(("refused", "busy"), [(True, False), (False, True)])
async def test_nothing_is_bought_without_a_token(refused: bool, busy: bool, tmp_path: Path) -> None:
    fake = GoogleVeo()
    with socket.socket() as held, serving(fake.app) as url, sign_in(400) as token_uri:
        held.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{held.getsockname()[1]}/token"
        made = partner(options(url, account(tmp_path, token_uri if refused else closed)), TOOLS)
        with pytest.raises(NotAccepted, match="Signing in") as unsent:
            await made.submit(await made.prepare(job()), "key-1", "")
        assert unsent.value.busy == busy
        with pytest.raises(PartnerAway, match="Signing in"):
            await made.check("publishers/google/models/m/operations/1")
        await made.close()
    assert fake.requests == []


def test_what_is_missing_is_said_before_anything_is_sent(tmp_path: Path) -> None:
    nobody = engine.availability({"name": "cloud"})
    assert not nobody.ok
    assert "[engine.cloud]" in nobody.remedy
    assert not engine.availability(options("http://a.example", str(tmp_path / "none.json"))).ok
    wrong = engine.availability({"api_key": "k", "durations": "8"})
    assert "engine.google_veo.durations" in wrong.reason
    assert engine.availability({"api_key": "k"}).ok


@pytest.mark.parametrize("content", ["", "{}", '{"type": "service_account"}', "\x00"])
def test_a_file_that_is_no_account(content: str, tmp_path: Path) -> None:
    path = tmp_path / "account.json"
    path.write_text(content)
    with pytest.raises(ConfigurationError, match="credentials_file"):
        partner(options("http://a.example", str(path)), TOOLS)


def test_the_models_name_is_in_the_answer() -> None:
    assert engine.labels({}) == {"partner_model": "veo-3.1-generate-001"}
    assert engine.labels({"model": "veo-3.1-fast-generate-001"}) == {
        "partner_model": "veo-3.1-fast-generate-001"
    }
    assert engine.labels({"model": {"google/veo3-1": "a"}}) == {}


def test_the_key_is_in_no_representation() -> None:
    options = {"api_key": "hush", "name": "cloud"}
    for settings in (veo_options.read(options), omni_options.read(options)):
        assert settings.account.key == "hush"
        assert "hush" not in repr(settings) + pretty_repr(settings)
