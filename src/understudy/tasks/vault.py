"""Secrets at rest: sealed with one key that lives beside the data, or comes from the operator's environment.

XSalsa20-Poly1305 (libsodium's secretbox) by PyNaCl. The store never sees an open secret.
"""

import base64
import hmac
import os
from functools import lru_cache
from pathlib import Path

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from understudy.errors import ConfigurationError


class Vault:
    """Seals and opens secrets, and hashes keys for look-up."""

    def __init__(self, key: bytes) -> None:
        """`key`: 32 bytes."""
        box = SecretBox(key)
        self._box = box
        self._hash_key = hmac.digest(key, b"understudy api key look-up", "sha256")
        # Opened on every request of the project: a sealed text never changes its meaning, so it may be remembered.
        self._opened = lru_cache(maxsize=1024)(lambda sealed: bytes(box.decrypt(sealed)).decode())

    def seal(self, secret: str) -> bytes:
        """The secret, readable only by this vault."""
        return bytes(self._box.encrypt(secret.encode()))

    def open(self, sealed: bytes) -> str:
        """The secret again. Raises `ConfigurationError` if it was sealed with another key."""
        try:
            return self._opened(sealed)
        except CryptoError as error:
            raise ConfigurationError(
                "The stored keys were sealed with another secret key. Bring back the secret.key that belongs to this"
                " data folder (or UNDERSTUDY_SECRET_KEY), or make new projects."
            ) from error

    def hash(self, api_key: str) -> bytes:
        """What an API key is found by: useless without the vault's key."""
        return hmac.digest(self._hash_key, api_key.encode(), "sha256")


def open_vault(folder: Path, secret_key: str = "", *, make: bool = True) -> Vault:
    """The vault of a data folder: its key comes from the setting, or from `secret.key`, made on first use.

    `make`: whether there may be a first use. Raises `ConfigurationError` if the key cannot be read, is missing, or is
    not 32 bytes in base64.
    """
    path = folder / "secret.key"
    origin = "secret_key" if secret_key else str(path)
    if not secret_key:
        if not make and not path.exists():
            raise ConfigurationError(
                "The secret key of this installation is not here: set UNDERSTUDY_SECRET_KEY to what its other processes"
                f" have, or bring their secret.key to {folder}."
            )
        try:
            secret_key = _read_or_make(path)
        except OSError as error:
            raise ConfigurationError(f"{path} cannot be read or made ({error.strerror}).") from error
    try:
        key = base64.b64decode(secret_key, validate=True)
    except ValueError as error:
        raise ConfigurationError(f"{origin} is not base64.") from error
    if len(key) != SecretBox.KEY_SIZE:
        raise ConfigurationError(
            f"{origin} holds {len(key)} bytes; it takes {SecretBox.KEY_SIZE}, in base64."
        )
    return Vault(key)


def _read_or_make(path: Path) -> str:
    if not path.exists():
        _make(path)
    return path.read_text(errors="replace").strip()


def _make(path: Path) -> None:
    # Linked into its place when it is whole: neither a crash nor a second process can leave half a key there.
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(base64.b64encode(os.urandom(SecretBox.KEY_SIZE)).decode() + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        return  # another process was quicker: its key counts
    finally:
        draft.unlink()
