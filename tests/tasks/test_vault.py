import base64
import os
import stat
from pathlib import Path

import pytest

from understudy.errors import ConfigurationError
from understudy.tasks.vault import Vault, open_vault

KEY = base64.b64encode(bytes(range(32))).decode()


def test_only_the_key_opens_what_it_sealed() -> None:
    vault = Vault(bytes(32))
    sealed = vault.seal("s3cret ☂")
    assert b"s3cret" not in sealed
    assert vault.seal("s3cret ☂") != sealed, "the same secret is not recognised in the store"
    assert vault.open(sealed) == vault.open(sealed) == Vault(bytes(32)).open(sealed) == "s3cret ☂"
    with pytest.raises(ConfigurationError, match=r"another secret key.*secret\.key.*UNDERSTUDY_SECRET_KEY"):
        Vault(bytes(31) + b"1").open(sealed)


@pytest.mark.parametrize("damage", [b"", b"short", bytes(100)])
def test_what_was_never_sealed_is_not_opened(damage: bytes) -> None:
    with pytest.raises(ConfigurationError):
        Vault(bytes(32)).open(damage)


def test_a_sealed_secret_cannot_be_changed() -> None:
    vault = Vault(bytes(32))
    sealed = bytearray(vault.seal("secret"))
    sealed[-1] ^= 1
    with pytest.raises(ConfigurationError):
        vault.open(bytes(sealed))


def test_hashes_find_keys_but_are_worthless_elsewhere() -> None:
    vault = Vault(bytes(32))
    assert vault.hash("key") == vault.hash("key") != vault.hash("Key")
    assert vault.hash("key") != Vault(bytes(31) + b"1").hash("key")


def test_the_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    sealed = open_vault(tmp_path).seal("secret")
    path = tmp_path / "secret.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(base64.b64decode(path.read_text())) == 32
    assert open_vault(tmp_path).open(sealed) == "secret"
    assert open_vault(tmp_path, path.read_text().strip()).open(sealed) == "secret"


def test_the_operators_key_comes_first_and_none_is_made(tmp_path: Path) -> None:
    sealed = open_vault(tmp_path, KEY).seal("secret")
    assert not list(tmp_path.iterdir())
    assert Vault(bytes(range(32))).open(sealed) == "secret"


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("no base64!", "secret_key is not base64"),
        ("é", "not base64"),
        ("YQ==", "secret_key holds 1 bytes; it takes 32"),
    ],
)
def test_a_key_that_is_none(tmp_path: Path, given: str, reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason) as refused:
        open_vault(tmp_path, given)
    assert given not in str(refused.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_key_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "secret.key").touch(mode=0o000)
    with pytest.raises(ConfigurationError, match=r"secret\.key"):
        open_vault(tmp_path)


def test_an_empty_key_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "secret.key").touch()
    with pytest.raises(ConfigurationError, match=r"secret\.key holds 0 bytes"):
        open_vault(tmp_path)


def test_a_key_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "secret.key").write_bytes(b"\xff" * 44)
    with pytest.raises(ConfigurationError, match=r"secret\.key is not base64"):
        open_vault(tmp_path)


def test_a_key_file_that_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "secret.key").mkdir()
    with pytest.raises(ConfigurationError, match=r"secret\.key cannot be read"):
        open_vault(tmp_path)
