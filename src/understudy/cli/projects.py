"""`understudy projects`: who may use the server. Works on the data folder, whether the server runs or not."""

from collections.abc import Awaitable, Callable
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import typer

from understudy.cli.options import Config, Data, Json, settings_from
from understudy.cli.output import dollars, moment, note, print_fields, print_json, print_table

if TYPE_CHECKING:
    from pathlib import Path

    from understudy.tasks.projects import Credentials, Projects
    from understudy.tasks.records import Project

app = typer.Typer(help="The server's projects: keys, addresses, balances.", no_args_is_help=True)
balance = typer.Typer(help="The money of a project.", no_args_is_help=True)
app.add_typer(balance, name="balance")

T = TypeVar("T")
ProjectId = Annotated[int, typer.Argument(metavar="PROJECT", help="A project's id.", min=1)]


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What it is called.")],
    auth: Annotated[
        Literal["signature", "key"],
        typer.Option(help="Signed requests, or the key alone; it cannot change later."),
    ] = "signature",
    allow_ip: Annotated[
        list[str] | None,
        typer.Option(
            "--allow-ip", metavar="CIDR", help="Where requests may come from; repeatable. None: anywhere."
        ),
    ] = None,
    config: Config = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Make a project and print its keys, this once."""
    made = _with_projects(
        config, data, lambda projects: projects.create(name, auth, tuple(allow_ip or ())), make=True
    )
    _print_credentials(made, json)


@app.command("list")
def list_projects(config: Config = None, data: Data = None, json: Json = False) -> None:
    """Print all projects."""
    found = _with_projects(config, data, lambda projects: projects.list())
    if json:
        print_json([_record(project) for project in found])
        return
    print_table(
        ("Project", "Name", "Type", "Allowed from", "Balance", "Enabled", "Created"),
        ([str(project.id), *_row(project)] for project in found),
        "There are no projects yet.",
    )


@app.command()
def show(project: ProjectId, config: Config = None, data: Data = None, json: Json = False) -> None:
    """Print one project."""
    _print_project(_with_projects(config, data, lambda projects: projects.get(project)), json)


@app.command("rotate-secret")
def rotate_secret(project: ProjectId, config: Config = None, data: Data = None, json: Json = False) -> None:
    """Give a project new keys and print them, this once; the old ones stop working at once.

    If the project's keys stand in credentials.json, the new ones do from then on.
    """
    folder = settings_from(config, data=data).data

    async def change(projects: "Projects") -> "Credentials":
        from understudy import data_folder

        before = await projects.get(project)
        made = await projects.rotate(project)
        known = data_folder.read_credentials(folder)
        if projects.has_key(before, str(known.get("api_key", ""))):
            keys = {"api_key": made.api_key, "api_secret": made.api_secret}
            data_folder.write_credentials(folder, **{**known, **keys})
        return made

    _print_credentials(_with_projects(config, data, change), json)


@app.command()
def allow(
    project: ProjectId,
    networks: Annotated[
        list[str] | None,
        typer.Argument(metavar="[CIDR]...", help="Where requests may come from. None: anywhere."),
    ] = None,
    config: Config = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Set the addresses and networks that a project's requests may come from."""

    async def change(projects: "Projects") -> "Project":
        await projects.set_allow(project, tuple(networks or ()))
        return await projects.get(project)

    _print_project(_with_projects(config, data, change), json)


@app.command()
def webhook(
    project: ProjectId,
    url: Annotated[
        str, typer.Argument(metavar="[URL]", help="An http or https address. None: no webhooks.")
    ] = "",
    config: Config = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Set where the webhooks of a project go that clients of the OpenAI protocol do not give an address."""

    async def change(projects: "Projects") -> "Project":
        await projects.get(project)
        return await projects.set_webhook_url(project, url)

    _print_project(_with_projects(config, data, change), json)


@balance.command("add")
def add_balance(
    project: ProjectId,
    amount: Annotated[
        str, typer.Argument(help="US dollars; negative takes money back (write -- before it).")
    ],
    config: Config = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Pay in."""
    try:
        paid = Decimal(amount)
    except InvalidOperation as error:
        raise typer.BadParameter(f"{amount!r} is no amount of money") from error
    if not paid.is_finite():
        raise typer.BadParameter(f"{amount!r} is no amount of money")

    _print_project(_with_projects(config, data, lambda projects: projects.add_balance(project, paid)), json)


@balance.command("log")
def balance_log(
    project: ProjectId,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many to print.")] = 50,
    config: Config = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Print what was paid in and what tasks cost, newest first."""
    lines = _with_projects(config, data, lambda projects: projects.ledger(project, limit))
    if json:
        print_json(
            [
                {
                    "task": line.task or None,
                    "amount": dollars(line.amount),
                    "note": line.note,
                    "at": int(line.at),
                }
                for line in lines
            ]
        )
        return
    print_table(
        ("When", "Amount", "Task", "Note"),
        ([moment(line.at), dollars(line.amount), str(line.task or ""), line.note] for line in lines),
        "No money has moved yet.",
    )


@app.command()
def disable(project: ProjectId, config: Config = None, data: Data = None, json: Json = False) -> None:
    """Stop answering a project's key."""
    _print_project(_set_enabled(config, data, project, False), json)


@app.command()
def enable(project: ProjectId, config: Config = None, data: Data = None, json: Json = False) -> None:
    """Answer a project's key again."""
    _print_project(_set_enabled(config, data, project, True), json)


def _set_enabled(config: "Path | None", data: "Path | None", project: int, enabled: bool) -> "Project":
    async def change(projects: "Projects") -> "Project":
        await projects.set_enabled(project, enabled)
        return await projects.get(project)

    return _with_projects(config, data, change)


def _with_projects(
    config: "Path | None",
    data: "Path | None",
    work: "Callable[[Projects], Awaitable[T]]",
    *,
    make: bool = False,
) -> T:
    import asyncio

    from understudy.stores import open_projects

    async def all_of_it() -> T:
        async with open_projects(settings_from(config, data=data), make=make) as projects:
            return await work(projects)

    return asyncio.run(all_of_it())


def _record(project: "Project") -> dict[str, Any]:
    """What may be shown of a project; the keys are not among it."""
    return {
        "id": project.id,
        "name": project.name,
        "auth": project.auth,
        "allow": list(project.allow),
        "webhook_url": project.webhook_url,
        "balance": dollars(project.balance),
        "enabled": project.enabled,
        "created": int(project.created),
    }


def _row(project: "Project") -> list[str]:
    return [
        project.name,
        project.auth,
        ", ".join(project.allow) or "anywhere",
        f"${dollars(project.balance)}",
        "yes" if project.enabled else "no",
        moment(project.created),
    ]


def _print_project(project: "Project", json: bool) -> None:
    if json:
        print_json(_record(project))
        return
    names = ("project", "name", "type", "allowed from", "balance", "enabled", "created", "webhooks to")
    shown = [str(project.id), *_row(project), project.webhook_url or "what each task says"]
    print_fields(zip(names, shown, strict=True))


def _print_credentials(made: "Credentials", json: bool) -> None:
    keys = {"api_key": made.api_key}
    if made.project.auth == "signature":
        keys["api_secret"] = made.api_secret
    keys["webhook_secret"] = made.webhook_secret
    if json:
        print_json({**_record(made.project), **keys})
        return
    _print_project(made.project, json=False)
    print_fields(keys.items())
    note("Keep them now: they are not shown again.")
