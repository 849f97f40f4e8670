"""Where things lie on this machine unless somebody says otherwise."""

from collections.abc import Mapping
from pathlib import Path


def data_folder(environ: Mapping[str, str]) -> Path:
    """The data folder: `UNDERSTUDY_DATA`, or `understudy` in the user's data folder.

    The latter follows the XDG Base Directory Specification 0.8: `$XDG_DATA_HOME` if it is an absolute path, else
    `~/.local/share`.
    """
    if chosen := environ.get("UNDERSTUDY_DATA"):
        return Path(chosen).expanduser()
    base = Path(environ.get("XDG_DATA_HOME", ""))
    if not base.is_absolute():
        home = environ.get("HOME")
        base = (Path(home) if home else Path.home()) / ".local" / "share"
    return base / "understudy"
