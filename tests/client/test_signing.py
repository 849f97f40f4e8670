import shutil
import subprocess

import pytest

from understudy.client.credentials import Credentials
from understudy.client.signing import signature, signed_headers


def test_rfc_4231_case_2() -> None:
    # RFC 4231, 4.3: key "Jefe", data "what do ya want for nothing?"
    expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert signature("Jefe", "what do ya want ", "for nothing?") == expected


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")
def test_it_is_what_the_documented_command_prints() -> None:
    command = 'echo -n "${S}${N}" | openssl dgst -sha256 -hmac "${K}"'
    done = subprocess.run(
        ["bash", "-c", f"K=key S=secret N=1734513807; {command}"], capture_output=True, check=True
    )
    assert done.stdout.decode().split()[-1] == signature("key", "secret", "1734513807")


def test_headers_by_type_of_project() -> None:
    signed = signed_headers(Credentials(url="http://a", api_key="k", api_secret="s"), 12.3456)
    assert signed == {"x-api-key": "k", "x-nonce": "12345", "x-signature": signature("k", "s", "12345")}
    assert signed_headers(Credentials(url="http://a", api_key="k", auth="key"), 1) == {"x-api-key": "k"}
