"""What `understudy serve` prints once it is ready."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from understudy import data_folder

if TYPE_CHECKING:
    from understudy.config import Settings
    from understudy.engines.cast import Described


def banner(address: str, settings: "Settings", rows: "Sequence[Described]") -> str:
    """Where it listens, where its things are, and what to do next.

    `address`: what clients call it; of a process that only runs tasks, where it listens. `rows`: the engines.
    """
    return "\n".join(_lines(address, settings, rows))


def _lines(address: str, settings: "Settings", rows: "Sequence[Described]") -> Iterator[str]:
    if settings.role == "dispatcher":
        yield f"Understudy runs tasks, and tells how it is at {address}"
    elif settings.url and settings.port:
        yield f"Understudy listens on {settings.host} port {settings.port}, for clients that ask {address}"
    else:
        yield f"Understudy listens on {address}"
    yield f"  data     {settings.data}"
    # On a database that was there already, the first project's keys were shown elsewhere.
    keys = settings.data / data_folder.CREDENTIALS
    known = settings.role != "dispatcher" and keys.exists()
    if settings.role != "dispatcher":
        yield f"  keys     {keys if known else 'none here; understudy projects create NAME'}"
    sign_in = settings.data / data_folder.SIGN_IN
    if settings.role != "dispatcher" and settings.dashboard and sign_in.exists():
        yield f"  sign in  {sign_in.read_text().strip()}"
    if settings.role != "api":
        yield f"  engines  {_engines(rows)}{', on Ray' if settings.executor == 'ray' else ''}"
    if known:
        where = f" --data {settings.data}" if settings.origin("data") == "flag" else ""
        yield f"Try it:    understudy run{where} openai/sora-2-pro --defaults"
    yield "Stop it:   Ctrl-C"


def _engines(rows: "Sequence[Described]") -> str:
    playing = [f"{row.name} (previews)" if row.preview else row.name for row in rows if row.available]
    return ", ".join(playing) or "none is available; see `understudy engines`"
