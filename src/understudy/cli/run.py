"""`understudy run`: a clip, from the command to the file."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from understudy.cli.options import Data, Json, Url, connect
from understudy.cli.output import note, print_json, say

if TYPE_CHECKING:
    from understudy.client import Client, Submitted, Task


def run(
    model: Annotated[
        str, typer.Argument(metavar="OWNER/SLUG", help="The model, as `understudy models` lists it.")
    ],
    prompt: Annotated[str | None, typer.Option("--prompt", "-p", help="The same as -i prompt=TEXT.")] = None,
    inputs: Annotated[
        list[str] | None,
        typer.Option(
            "--input",
            "-i",
            metavar="NAME=VALUE",
            help="An input: text, a number, an address, a sample's name, or @FILE. Repeat it for several files.",
        ),
    ] = None,
    defaults: Annotated[
        bool,
        typer.Option("--defaults", help="Use the model's own example for every input that is not given."),
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Where to save the clip; a folder takes all files of the task."),
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Wait for the clip, or print the task's id.")
    ] = True,
    callback_url: Annotated[
        str | None, typer.Option(help="Address that the server tells when it is over.")
    ] = None,
    idempotency_key: Annotated[
        str | None, typer.Option(help="Asking again with the same key is the same task.")
    ] = None,
    url: Url = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Ask for a clip, watch it being made and save it. Ctrl-C stops the task."""
    from understudy.cli.inputs import read_inputs
    from understudy.cli.results import describe, save, summary

    values = read_inputs([*(inputs or ()), *([f"prompt={_literal(prompt)}"] if prompt is not None else [])])
    with connect(url, data) as client:
        if defaults:
            values = {**client.model(model).defaults, **values}
        submitted = client.submit(model, values, callback_url=callback_url, idempotency_key=idempotency_key)
        if not wait:
            _print_submitted(submitted, json)
            return
        task = _watch(client, submitted, quiet=json)
        saved = save(client, task, output) if task.succeeded else []
    if json:
        print_json(summary(task, saved))
        raise typer.Exit(0 if task.succeeded else 1)
    task.check()
    describe(task, saved)


def _literal(prompt: str) -> str:
    return f"@{prompt}" if prompt.startswith("@") else prompt


def _print_submitted(submitted: "Submitted", json: bool) -> None:
    if json:
        print_json({"taskid": submitted.taskid, "socketaccesstoken": submitted.socketaccesstoken})
    else:
        say(submitted.taskid)
        note(f"Follow it with: understudy tasks watch {submitted.taskid}")


def _watch(client: "Client", submitted: "Submitted", *, quiet: bool) -> "Task":
    """The task once it is over. Ctrl-C kills it and ends the command with 130."""
    from understudy.cli.screen import screen
    from understudy.client import ClientError

    try:
        with screen(quiet=quiet) as shown:
            return client.wait(submitted, on_event=shown.hear, check=False)
    except KeyboardInterrupt:
        try:
            client.kill(submitted)
            note(f"Stopped task {submitted.taskid}.")
        except ClientError as error:
            note(f"Task {submitted.taskid} could not be stopped: {error.message}")
        raise typer.Exit(130) from None
