"""The key that opens the projects' secrets: whoever takes a store along takes it along, too."""

import os
import sqlite3
from pathlib import Path

from understudy.config import Settings
from understudy.errors import ConfigurationError
from understudy.tasks.vault import open_vault

NAME = "secret.key"


def secret_key_of(settings: Settings) -> str:
    """The key, in base64. None is made. Raises `ConfigurationError` if there is none."""
    if settings.secret_key:
        return settings.secret_key
    path = settings.data / NAME
    try:
        return path.read_text(errors="replace").strip()
    except FileNotFoundError:
        raise ConfigurationError(
            f"There is no secret key: neither UNDERSTUDY_SECRET_KEY nor {path}. Name the data folder that has it with"
            " --data DIR, or set the variable."
        ) from None
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read ({error.strerror}).") from error


def first_sealed(connection: sqlite3.Connection) -> bytes | None:
    """Something that the key opens, out of an embedded store; None if there are no projects."""
    found = connection.execute("SELECT api_secret FROM projects ORDER BY id LIMIT 1").fetchone()
    return found[0] if found else None


def check_secret_key(folder: Path, key: str, sealed: bytes | None) -> None:
    """Raises `ConfigurationError` if it does not open what was `sealed` (None: nothing was), or is no key."""
    vault = open_vault(folder, key)
    if sealed is not None:
        vault.open(sealed)


def write_secret_key(folder: Path, key: str) -> None:
    """For a folder that has none: completely or not at all, mode 0600."""
    draft = folder / f"{NAME}.draft"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        os.fchmod(descriptor, 0o600)
        file.write(key + "\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(folder / NAME)
