"""The data folder: where one server keeps everything, and what makes it one server's only."""

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from understudy.errors import ConfigurationError

CREDENTIALS = "credentials.json"
DATABASE = "understudy.db"
SIGN_IN = "sign-in.url"


def make(folder: Path) -> Path:
    """The folder, made if missing, readable by its owner only. Raises `ConfigurationError` if it cannot be used."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(f"{folder} cannot be written")
    except OSError as error:
        raise ConfigurationError(
            f"The data folder {folder} cannot be used ({error.strerror or error}). Choose another with --data DIR."
        ) from error
    return folder.resolve()


def existing(folder: Path) -> Path:
    """The folder, if a server or `projects create` has made it. Raises `ConfigurationError` and makes nothing if not."""
    if not (folder / DATABASE).is_file():
        raise ConfigurationError(
            f"There is no data folder of Understudy at {folder}. Name the server's own with --data DIR."
        )
    return make(folder)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Nobody else serves this folder meanwhile. The lock dies with the process, however it dies.

    Raises `ConfigurationError` if a server has it already.
    """
    with (folder / "lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise ConfigurationError(
                f"The data folder {folder} is in use by a server (process {file.read().strip() or 'unknown'})."
                " Stop it first, or choose another folder with --data DIR."
            ) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


@contextmanager
def workplace(folder: Path) -> Iterator[Path]:
    """A folder of this process alone, below one that several use. What processes left behind that are gone is deleted."""
    places = folder / "processes"
    places.mkdir(exist_ok=True)
    with (folder / "processes.lock").open("a") as gate:
        fcntl.flock(gate, fcntl.LOCK_EX)  # nobody looks at a place that is being made
        for left in places.iterdir():
            with (left / "lock").open("a") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    continue
                shutil.rmtree(left, ignore_errors=True)
        own = Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=places))
        lock = (own / "lock").open("a")
        fcntl.flock(lock, fcntl.LOCK_EX)
    with lock:
        try:
            yield own
        finally:
            shutil.rmtree(own, ignore_errors=True)


def emptied(folder: Path) -> Path:
    """A folder for things that do not outlive the process, without what an earlier one left behind."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def write_credentials(folder: Path, **credentials: str) -> None:
    """Write `credentials.json`, for the clients of this machine: completely or not at all, mode 0600."""
    write_private(folder / CREDENTIALS, json.dumps(credentials, indent=2) + "\n")


def write_private(path: Path, text: str) -> None:
    """Write a file that its owner alone may read: completely or not at all."""
    draft = path.with_name(f"{path.name}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        os.fchmod(descriptor, 0o600)  # the draft may have been there already
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def read_credentials(folder: Path) -> dict[str, str]:
    """What stands in `credentials.json`; nothing if somebody removed it or made something else of it."""
    try:
        known = json.loads((folder / CREDENTIALS).read_text())
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def renew_keys(folder: Path, were: Callable[[str], bool], *, api_key: str, api_secret: str) -> None:
    """A project has new keys: they take the place of its old ones, if it were those that stand in `credentials.json`."""
    known = read_credentials(folder)
    if were(str(known.get("api_key", ""))):
        write_credentials(folder, **{**known, "api_key": api_key, "api_secret": api_secret})


def note_url(folder: Path, url: str) -> None:
    """Tell the clients of this machine where the server is now. Leaves alone what somebody removed or rewrote."""
    known = read_credentials(folder)
    if known and known.get("url") != url:
        write_credentials(folder, **{**known, "url": url})


def sign_in_url(url: str, token: str) -> str:
    """Where the dashboard of the server at `url` takes an invitation. The token never reaches a server's log: it is in the fragment."""
    return f"{url.rstrip('/')}/sign-in#{token}"


def write_sign_in(folder: Path, url: str) -> None:
    """Write the link that signs the first operator in to `sign-in.url`, mode 0600."""
    write_private(folder / SIGN_IN, f"{url}\n")


def remove_sign_in(folder: Path) -> None:
    """It was used."""
    (folder / SIGN_IN).unlink(missing_ok=True)
