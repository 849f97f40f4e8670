"""`understudy backup` and `understudy restore`: everything in one file, and back."""

from pathlib import Path
from typing import Annotated

import typer

from understudy.cli.options import Config, Data, Database, Json, Storage, settings_from
from understudy.cli.output import moment, note, print_json, say, size


def backup(
    file: Annotated[Path, typer.Argument(help="Where to; an earlier backup is replaced.")],
    files: Annotated[bool, typer.Option("--files", help="With the files that the records point at.")] = False,
    config: Config = None,
    data: Data = None,
    database: Database = None,
    storage: Storage = None,
    json: Json = False,
) -> None:
    """Write everything into one file, while servers run.

    That is the database, the secret key and, if asked for, the files.

    Whoever has the file has everything: it is as secret as the data folder.
    """
    import asyncio

    from understudy.moving.backup import backup as write

    settings = settings_from(config, data=data, database=database, storage=storage)
    contents = asyncio.run(write(settings, file.absolute(), files=files))
    length = file.stat().st_size
    if json:
        print_json({"file": str(file), "size": length, **_without_names(contents)})
    else:
        say(f"{file} ({size(length)}): {_counted(contents.rows)}, files: {contents.files}.")
        if contents.deleted:
            note(f"Files that were deleted meanwhile, with their records: {len(contents.deleted)}.")
    if contents.missing:
        first = contents.missing[0]
        note(
            f"Files that are not in it, since the storage does not have them: {len(contents.missing)};"
            f" the first is {first.key} of task {first.task}."
        )
    if not files and contents.rows["files"]:
        note(f"The files of the records ({contents.rows['files']}) are not in it (--files adds them).")


def restore(
    file: Annotated[Path, typer.Argument(help="What `understudy backup` wrote.")],
    config: Config = None,
    data: Data = None,
    database: Database = None,
    storage: Storage = None,
    json: Json = False,
) -> None:
    """Bring a backup back, into what is empty.

    That is a data folder or a database.

    Tasks that were running go back to the queue.
    """
    import asyncio

    from understudy.moving.places import place_of
    from understudy.moving.restore import restore as read

    settings = settings_from(config, data=data, database=database, storage=storage)
    restored = asyncio.run(read(settings, file))
    contents, manifest = restored.contents, restored.manifest
    if json:
        print_json(
            {
                "made": int(manifest.made),
                "program": manifest.program,
                "returned": restored.returned,
                "open_purchases": restored.open_purchases,
                "waiting_webhooks": restored.waiting_webhooks,
                **_without_names(contents),
            }
        )
    else:
        say(f"{place_of(settings).words} is as it was at {moment(manifest.made)}: {_counted(contents.rows)}.")
    if restored.returned:
        note(f"Tasks that were running, and are in the queue again: {restored.returned}.")
    if restored.open_purchases:
        note(f"Open purchases at partners, looked after once a server runs: {restored.open_purchases}.")
    if contents.missing:
        note(f"Files that were missing already when the backup was made: {len(contents.missing)}.")
    if not manifest.files and contents.rows["files"]:
        where = settings.storage or settings.data / "files"
        note(
            f"The files of the records ({contents.rows['files']}) are not in the backup; they belong in {where}."
        )


def _counted(rows: dict[str, int]) -> str:
    return f"projects: {rows['projects']}, tasks: {rows['tasks']}"


def _without_names(contents: object) -> dict[str, object]:
    """Of files only how many: there may be many."""
    import msgspec

    known: dict[str, object] = msgspec.to_builtins(contents)
    return {name: len(value) if isinstance(value, list | tuple) else value for name, value in known.items()}
