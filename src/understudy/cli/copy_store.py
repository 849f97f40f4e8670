"""`understudy copy-store`: everything that is remembered, from one store to another."""

from typing import TYPE_CHECKING, Annotated

import typer

from understudy.cli.options import Config, Json, Storage, settings_from
from understudy.cli.output import note, print_json, print_table, size

if TYPE_CHECKING:
    from understudy.config import Settings
    from understudy.moving.copying import Copied
    from understudy.moving.places import Place
    from understudy.moving.stored_files import FilesCopied

_STORE = "sqlite:DIR, a data folder, or postgresql://..."


def copy_store(
    source: Annotated[str, typer.Option("--from", metavar="STORE", help=f"{_STORE}; nobody serves it.")],
    target: Annotated[str, typer.Option("--to", metavar="STORE", help=f"{_STORE}; it is empty.")],
    files: Annotated[
        bool,
        typer.Option("--files", help="Copy the files, too; of a shared store they are in --storage."),
    ] = False,
    storage: Storage = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Copy all that is remembered from one store to another.

    Projects, tasks, ledgers, purchases, webhooks: all with their ids, or nothing.

    Tasks that were running go back to the queue.
    """
    import asyncio

    from understudy.moving.places import place_named

    settings = settings_from(config, storage=storage)
    here, there = place_named(source), place_named(target)
    copied, with_files = asyncio.run(_copy(settings, here, there, files=files))
    rows = {name: total.rows for name, total in copied.totals.items()}
    if json:
        print_json({"rows": rows, "returned": copied.returned, "files": with_files})
    else:
        print_table(("Table", "Rows"), ([name, str(number)] for name, number in rows.items()), "")
        if with_files is not None:
            note(f"Files copied: {with_files.files} ({size(with_files.size)}).")
    _say_what_is_left(settings, here, there, copied, with_files)


async def _copy(
    settings: "Settings", here: "Place", there: "Place", *, files: bool
) -> "tuple[Copied, FilesCopied | None]":
    from understudy.errors import ConfigurationError
    from understudy.files.storage import open_storage
    from understudy.moving.copying import copy
    from understudy.moving.places import reading, writing
    from understudy.moving.stored_files import copy_files

    copied_files = None
    if here == there:
        raise ConfigurationError("--from and --to are the same store.")
    if files:
        from_, to = _files_of(settings, here), _files_of(settings, there)
        if from_ == to:
            raise ConfigurationError(
                "--files: both stores have their files in the same place. Leave the option away."
            )
    async with reading(here) as reader, writing(there) as writer:
        if files:
            # Before the records that point at them.
            storages = open_storage(from_), open_storage(to)
            await storages[1].check()
            copied_files = await copy_files(reader, *storages)
        return await copy(reader, writer), copied_files


def _files_of(settings: "Settings", place: "Place") -> str:
    """Where the files of a store are. Raises `ConfigurationError` if nobody says so."""
    from understudy.errors import ConfigurationError
    from understudy.moving.places import Folder

    if isinstance(place, Folder):
        return str(place.path / "files")
    if not settings.storage:
        raise ConfigurationError(
            "--files: say with --storage URL (or UNDERSTUDY_STORAGE) where the servers of the PostgreSQL database have"
            " their files."
        )
    return settings.storage


def _say_what_is_left(
    settings: "Settings", here: "Place", there: "Place", copied: "Copied", files: "FilesCopied | None"
) -> None:
    from understudy.moving.places import Folder

    if copied.returned:
        note(f"Tasks that were running, and are in the queue again: {copied.returned}.")
    if files is not None and files.missing:
        note(f"Files that were not there to be copied: {files.missing}; the first is {files.keys[0]}.")
    if files is None and (number := copied.totals["files"].rows):
        where = here.path / "files" if isinstance(here, Folder) else settings.storage or "their storage"
        note(
            f"The files of the records ({number}) stay in {where}: the servers of the new store need them in theirs"
            " (--files copies them)."
        )
    if copied.totals["projects"].rows:
        key = (
            f"the content of {here.path / 'secret.key'}"
            if isinstance(here, Folder)
            else "that of its servers"
        )
        place = (
            f"as {there.path / 'secret.key'} or UNDERSTUDY_SECRET_KEY"
            if isinstance(there, Folder)
            else "as UNDERSTUDY_SECRET_KEY of every process"
        )
        note(f"The projects' keys open with the same secret key only: take it along, {key}, {place}.")
