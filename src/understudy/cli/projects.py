"""`understudy projects`: who may use the server. Works on what it remembers, whether the server runs or not."""

from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

import typer

from understudy.cli import limits
from understudy.cli.limits import Spent
from understudy.cli.opened import with_opened
from understudy.cli.options import Config, Data, Database, Json, settings_from
from understudy.cli.output import dollars, moment, print_json, print_table
from understudy.cli.project_shown import print_credentials, print_project, project_record, project_row

if TYPE_CHECKING:
    from understudy.config import Settings
    from understudy.tasks.projects import Credentials, Projects
    from understudy.tasks.records import Project
    from understudy.tasks.store.store import Store

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
    database: Database = None,
    json: Json = False,
) -> None:
    """Make a project and print its keys, this once."""
    settings = settings_from(config, data=data, database=database)
    made = _with_projects(
        settings, lambda projects: projects.create(name, auth, tuple(allow_ip or ())), make=True
    )
    print_credentials(made, json)


@app.command("list")
def list_projects(
    config: Config = None, data: Data = None, database: Database = None, json: Json = False
) -> None:
    """Print all projects."""
    settings = settings_from(config, data=data, database=database)
    found = _with_projects(settings, lambda projects: projects.list())
    if json:
        spent = _spent(settings, found)
        print_json([project_record(project, spent[project.id]) for project in found])
        return
    print_table(
        ("Project", "Name", "Type", "Allowed from", "Balance", "Enabled", "Created"),
        ([str(project.id), *project_row(project)] for project in found),
        "There are no projects yet.",
    )


@app.command()
def show(
    project: ProjectId,
    config: Config = None,
    data: Data = None,
    database: Database = None,
    json: Json = False,
) -> None:
    """Print one project."""
    settings = settings_from(config, data=data, database=database)
    found = _with_projects(settings, lambda projects: projects.get(project))
    print_project(found, json, _spent(settings, [found])[project])


@app.command()
def rename(
    project: ProjectId,
    name: Annotated[str, typer.Argument(help="What it is called from now on.")],
    config: Config = None,
    data: Data = None,
    database: Database = None,
    json: Json = False,
) -> None:
    """Give a project another name; its keys stay."""
    settings = settings_from(config, data=data, database=database)
    print_project(_with_projects(settings, lambda projects: projects.rename(project, name)), json)


@app.command("rotate-secret")
def rotate_secret(
    project: ProjectId,
    config: Config = None,
    data: Data = None,
    database: Database = None,
    json: Json = False,
) -> None:
    """Give a project new keys and print them, this once.

    The old ones stop working a second later at most.

    If the project's keys stand in credentials.json, the new ones do from then on.
    """
    settings = settings_from(config, data=data, database=database)
    folder = settings.data

    async def change(projects: "Projects") -> "Credentials":
        from understudy import data_folder

        before = await projects.get(project)
        made = await projects.rotate(project)
        data_folder.renew_keys(
            folder,
            lambda known: projects.has_key(before, known),
            api_key=made.api_key,
            api_secret=made.api_secret,
        )
        return made

    print_credentials(_with_projects(settings, change), json)


@app.command()
def allow(
    project: ProjectId,
    networks: Annotated[
        list[str] | None,
        typer.Argument(metavar="[CIDR]...", help="Where requests may come from. None: anywhere."),
    ] = None,
    config: Config = None,
    data: Data = None,
    database: Database = None,
    json: Json = False,
) -> None:
    """Set where a project's requests may come from."""

    async def change(projects: "Projects") -> "Project":
        await projects.set_allow(project, tuple(networks or ()))
        return await projects.get(project)

    print_project(_with_projects(settings_from(config, data=data, database=database), change), json)


@app.command()
def webhook(
    project: ProjectId,
    url: Annotated[
        str, typer.Argument(metavar="[URL]", help="An http or https address. None: no webhooks.")
    ] = "",
    config: Config = None,
    data: Data = None,
    database: Database = None,
    json: Json = False,
) -> None:
    """Set where a project's webhooks go.

    Those of tasks that name no address themselves, as clients of OpenAI's protocol ask for them.
    """

    async def change(projects: "Projects") -> "Project":
        await projects.get(project)
        return await projects.set_webhook_url(project, url)

    print_project(_with_projects(settings_from(config, data=data, database=database), change), json)


@app.command()
def limit(
    project: ProjectId,
    running: limits.Running = None,
    queued: limits.Queued = None,
    rate: limits.Rate = None,
    burst: limits.Burst = None,
    hourly: limits.Hourly = None,
    monthly: limits.Monthly = None,
    keep_days: limits.KeepDays = None,
    config: Config = None,
    data: Data = None,
    database: Database = None,
    json: Json = False,
) -> None:
    """Set what a project may take; what is not given stays. Prints the project, and what it has spent.

    A server heeds it a second later at most. What the project has of its own counts instead of the server's limit.
    """
    given = {
        "running": running,
        "queued": queued,
        "rate": rate,
        "burst": burst,
        "hourly": hourly,
        "monthly": monthly,
        "keep_days": keep_days,
    }
    settings = settings_from(config, data=data, database=database)

    async def change(projects: "Projects") -> "Project":
        before = await projects.get(project)
        after = limits.changed(before.limits, given)
        return before if after == before.limits else await projects.set_limits(project, after)

    changed = _with_projects(settings, change)
    print_project(changed, json, _spent(settings, [changed])[project])


@balance.command("add")
def add_balance(
    project: ProjectId,
    amount: Annotated[
        str, typer.Argument(help="US dollars; negative takes money back (write -- before it).")
    ],
    config: Config = None,
    data: Data = None,
    database: Database = None,
    json: Json = False,
) -> None:
    """Pay in."""
    try:
        paid = Decimal(amount)
    except InvalidOperation as error:
        raise typer.BadParameter(f"{amount!r} is no amount of money") from error
    if not paid.is_finite():
        raise typer.BadParameter(f"{amount!r} is no amount of money")

    print_project(
        _with_projects(
            settings_from(config, data=data, database=database),
            lambda projects: projects.add_balance(project, paid),
        ),
        json,
    )


@balance.command("log")
def balance_log(
    project: ProjectId,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many to print.")] = 50,
    config: Config = None,
    data: Data = None,
    database: Database = None,
    json: Json = False,
) -> None:
    """Print what was paid in and what tasks cost, newest first."""
    lines = _with_projects(
        settings_from(config, data=data, database=database), lambda projects: projects.ledger(project, limit)
    )
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
def disable(
    project: ProjectId,
    config: Config = None,
    data: Data = None,
    database: Database = None,
    json: Json = False,
) -> None:
    """Stop answering a project's key."""
    print_project(_set_enabled(settings_from(config, data=data, database=database), project, False), json)


@app.command()
def enable(
    project: ProjectId,
    config: Config = None,
    data: Data = None,
    database: Database = None,
    json: Json = False,
) -> None:
    """Answer a project's key again."""
    print_project(_set_enabled(settings_from(config, data=data, database=database), project, True), json)


def _set_enabled(settings: "Settings", project: int, enabled: bool) -> "Project":
    async def change(projects: "Projects") -> "Project":
        await projects.set_enabled(project, enabled)
        return await projects.get(project)

    return _with_projects(settings, change)


def _with_projects(
    settings: "Settings", work: "Callable[[Projects], Awaitable[T]]", *, make: bool = False
) -> T:
    from understudy.stores import open_projects

    return with_opened(open_projects(settings, make=make), work)


def _spent(settings: "Settings", projects: "Sequence[Project]") -> dict[int, Spent]:
    """By project."""
    import time

    from understudy.stores import open_store
    from understudy.tasks.budgets import hour_began, month_began

    async def look(store: "Store") -> dict[int, Spent]:
        now = time.time()
        return {
            project.id: Spent(
                hour=await store.spent(project.id, hour_began(now)),
                month=await store.spent(project.id, month_began(now)),
            )
            for project in projects
        }

    return with_opened(open_store(settings), look)
