"""`understudy users`: who may sign in to the dashboard. Works on what the server remembers, whether it runs or not."""

import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import typer

from understudy import data_folder
from understudy.cli.opened import with_opened
from understudy.cli.options import Config, Data, Database, Json, settings_from
from understudy.cli.output import moment, note, print_json, print_table, say

if TYPE_CHECKING:
    from understudy.config import Settings
    from understudy.tasks.accounts.accounts import Accounts
    from understudy.tasks.accounts.records import User

app = typer.Typer(help="Who may sign in to the dashboard.", no_args_is_help=True)

T = TypeVar("T")
Name = Annotated[str, typer.Argument(metavar="NAME", help="A user's name.")]
Link = Annotated[
    bool,
    typer.Option(
        "--link", help="Print a link that signs the user in once, instead of asking for a password."
    ),
]


@app.command()
def create(
    name: Name,
    role: Annotated[
        Literal["operator", "maker"],
        typer.Option(help="An operator may do everything; a maker works in one project."),
    ] = "operator",
    project: Annotated[int, typer.Option(metavar="PROJECT", help="The project that a maker works in.")] = 0,
    link: Link = False,
    config: Config = None,
    data: Data = None,
    database: Database = None,
    json: Json = False,
) -> None:
    """Make a user. The password is asked for, or read from stdin where that is no terminal."""
    settings = settings_from(config, data=data, database=database)
    password = "" if link else _password()

    async def make(accounts: "Accounts") -> tuple["User", str]:
        user = await accounts.create(name, role, project=project, password=password)
        return user, await accounts.invite(user) if link else ""

    _print(settings, *_with_accounts(settings, make, make=True), json)


@app.command("list")
def list_users(
    config: Config = None, data: Data = None, database: Database = None, json: Json = False
) -> None:
    """Print all users."""
    found = _with_accounts(
        settings_from(config, data=data, database=database), lambda accounts: accounts.list()
    )
    if json:
        print_json([_record(user) for user in found])
        return
    print_table(
        ("Name", "Role", "Project", "Password", "Enabled", "Created", "Signed in"),
        (
            (
                user.name,
                user.role,
                str(user.project or "all"),
                "set" if user.password else "none",
                "yes" if user.enabled else "no",
                moment(user.created),
                moment(user.signed_in),
            )
            for user in found
        ),
        "There are no users yet.",
    )


@app.command()
def passwd(
    name: Name,
    link: Link = False,
    config: Config = None,
    data: Data = None,
    database: Database = None,
    json: Json = False,
) -> None:
    """Set a user's password, which ends their sessions. It is asked for, or read from stdin where that is no terminal."""
    settings = settings_from(config, data=data, database=database)
    password = "" if link else _password()

    async def change(accounts: "Accounts") -> tuple["User", str]:
        user = await accounts.get(name)
        if link:
            return user, await accounts.invite(user)
        await accounts.set_password(user, password)
        return await accounts.get(name), ""

    _print(settings, *_with_accounts(settings, change), json)


@app.command()
def disable(
    name: Name, config: Config = None, data: Data = None, database: Database = None, json: Json = False
) -> None:
    """Sign a user out, and let nobody in by that name."""
    _set_enabled(settings_from(config, data=data, database=database), name, False, json)


@app.command()
def enable(
    name: Name, config: Config = None, data: Data = None, database: Database = None, json: Json = False
) -> None:
    """Let a user in again."""
    _set_enabled(settings_from(config, data=data, database=database), name, True, json)


def _set_enabled(settings: "Settings", name: str, enabled: bool, json: bool) -> None:
    async def change(accounts: "Accounts") -> "User":
        await accounts.set_enabled(await accounts.get(name), enabled)
        return await accounts.get(name)

    _print(settings, _with_accounts(settings, change), "", json)


def _password() -> str:
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    return sys.stdin.readline().rstrip("\r\n")


def _print(settings: "Settings", user: "User", token: str, json: bool) -> None:
    url = ""
    if token:
        server = settings.url or data_folder.read_credentials(settings.data).get("url", "")
        url = data_folder.sign_in_url(server or f"http://127.0.0.1:{settings.port}", token)
    if json:
        print_json(_record(user) | ({"sign_in": url} if url else {}))
        return
    note(f"{user.name}, {user.role}{f' of project {user.project}' if user.project else ''}")
    if url:
        say(url)


def _record(user: "User") -> dict[str, Any]:
    return {
        "name": user.name,
        "role": user.role,
        "project": user.project or None,
        "password": bool(user.password),
        "enabled": user.enabled,
        "created": user.created,
        "signed_in": user.signed_in or None,
    }


def _with_accounts(
    settings: "Settings", work: "Callable[[Accounts], Awaitable[T]]", *, make: bool = False
) -> T:
    from understudy.stores import open_accounts

    return with_opened(open_accounts(settings, make=make), work)
