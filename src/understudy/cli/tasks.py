"""`understudy tasks`: what was asked for, and what became of it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from understudy.cli.options import Data, Json, Url, connect
from understudy.cli.output import dollars, moment, note, print_fields, print_json, print_table, say, size

if TYPE_CHECKING:
    from understudy.client import Task

app = typer.Typer(help="The project's tasks.", no_args_is_help=True)

TaskName = Annotated[str, typer.Argument(metavar="TASK", help="A task's id or token.")]


@app.command("list")
def list_tasks(
    model: Annotated[str, typer.Option(help="Only tasks of this model.")] = "",
    status: Annotated[str, typer.Option(help="Only tasks in this status.")] = "",
    start: Annotated[int, typer.Option(min=0, help="How many to skip.")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many to print.")] = 20,
    url: Url = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Print the latest tasks, newest first."""
    with connect(url, data) as client:
        found = client.tasks(model=model, status=status, start=start, limit=limit)
    if json:
        print_json([task.raw for task in found])
        return
    print_table(
        ("Task", "Model", "Status", "Created", "Seconds", "Cost", "Played by"),
        (
            (
                task.id,
                task.model,
                _status(task),
                moment(task.created),
                f"{task.elapsed:.1f}" if task.elapsed else "",
                dollars(task.cost) if task.cost else "",
                _player(task),
            )
            for task in found
        ),
        "There are no such tasks.",
    )


@app.command()
def show(task: TaskName, url: Url = None, data: Data = None, json: Json = False) -> None:
    """Print one task."""
    with connect(url, data) as client:
        found = client.task(task)
    if json:
        print_json(found.raw)
        return
    engine = found.engine
    rows = [
        ("task", found.id),
        ("model", found.model),
        ("status", _status(found)),
        ("created", moment(found.created)),
        ("started", moment(found.started)),
        ("ended", moment(found.ended or found.cancelled)),
        ("worked", f"{found.elapsed:.1f} s" if found.elapsed else ""),
        ("cost", f"${dollars(found.cost)}" if found.cost else ""),
        ("failed because", found.reason if _status(found) == "failed" else ""),
        ("last said", found.reason if _status(found) == "cancelled" else ""),
        ("played by", _player(found, version=True)),
        *_passed_over(found),
        *(("note", each) for each in (engine.notes if engine else ())),
        *((f"played with {name}", label) for name, label in (engine.labels if engine else {}).items()),
        *((f"input {name}", str(value)) for name, value in found.parameters.items()),
        *(
            ("output", f"{each.name}, {each.content_type}, {size(each.size)}\n{each.url}")
            for each in found.outputs
        ),
    ]
    print_fields(rows)


@app.command()
def watch(task: TaskName, url: Url = None, data: Data = None, json: Json = False) -> None:
    """Follow a task to its end; Ctrl-C leaves it running."""
    from understudy.cli.screen import screen

    with connect(url, data) as client, screen(quiet=json) as shown:
        found = client.wait(task, on_event=shown.hear, check=False)
    if json:
        print_json(found.raw)
        raise typer.Exit(0 if found.succeeded else 1)
    found.check()
    say(f"Task {found.id} is finished; save its clip with: understudy tasks download {found.id}")


@app.command()
def download(
    task: TaskName,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where to save the clip; a folder takes all files.")
    ] = None,
    url: Url = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Save the clip of a finished task."""
    from understudy.cli.results import describe, save, summary

    with connect(url, data) as client:
        found = client.task(task).check()
        saved = save(client, found, output) if found.over else []
    if json:
        print_json(summary(found, saved))
    elif found.over:
        describe(found, saved)
    if not found.over:
        note(f"Task {found.id} is not over yet ({found.status}).")
        raise typer.Exit(1)


@app.command()
def log(task: TaskName, url: Url = None, data: Data = None, json: Json = False) -> None:
    """Print what the engine printed.

    Its output goes to stdout, its errors to stderr.
    """
    with connect(url, data) as client:
        found = client.task(task)
    if json:
        print_json({"output": found.stdout, "errors": found.stderr})
        return
    if found.stdout:
        say(found.stdout.rstrip("\n"))
    if found.stderr:
        note(found.stderr.rstrip("\n"))


@app.command()
def kill(task: TaskName, url: Url = None, data: Data = None, json: Json = False) -> None:
    """Stop a task in whatever it does."""
    with connect(url, data) as client:
        _print_stopped(client.kill(task), json)


@app.command()
def cancel(task: TaskName, url: Url = None, data: Data = None, json: Json = False) -> None:
    """Take a task out of the queue; one that has left it goes on."""
    with connect(url, data) as client:
        _print_stopped(client.cancel(task), json)


@app.command("delete-files")
def delete_files(task: TaskName, url: Url = None, data: Data = None, json: Json = False) -> None:
    """Delete the files of a task that is over; its record stays."""
    with connect(url, data) as client:
        client.delete_files(task)
    if json:
        print_json({"deleted": True})
    else:
        say("Its files are deleted.")


def _print_stopped(task: "Task", json: bool) -> None:
    if json:
        print_json(task.raw)
    else:
        say(f"Task {task.id} is stopped.")
        if task.reason:
            # What is true of money that was spent at a partner.
            say(task.reason)


def _passed_over(task: "Task") -> list[tuple[str, str]]:
    tried = task.engine.tried if task.engine else ()
    return [
        (f"not by {each.get('engine')}", f"{each.get('reason')}") for each in tried if isinstance(each, dict)
    ]


def _player(task: "Task", *, version: bool = False) -> str:
    engine = task.engine
    if engine is None:
        return ""
    name = f"{engine.name} {engine.version}".strip() if version else engine.name
    return f"{name} (preview)" if engine.preview else name


def _status(task: "Task") -> str:
    if task.status == "task_postprocess_end":
        return "finished" if task.succeeded else "failed"
    return {"task_cancel": "cancelled", "task_error": "failed"}.get(
        task.status, task.status.removeprefix("task_")
    )
