"""`understudy purchases`: what was bought at partners. Works on what the server remembers, whether the server runs or not."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, TypeVar, get_args

import typer

from understudy.cli.engines import say_of
from understudy.cli.opened import with_opened
from understudy.cli.options import Config, Data, Database, Json, settings_from
from understudy.cli.output import dollars, moment, print_json, print_table

if TYPE_CHECKING:
    from understudy.config import Settings
    from understudy.tasks.records import Purchase
    from understudy.tasks.store.store import Store

app = typer.Typer(help="What was bought at partners, and what it cost.", no_args_is_help=True)

T = TypeVar("T")
Limit = Annotated[int, typer.Option(help="How many, the newest first.", min=1, max=10_000)]


@app.command("list")
def list_purchases(
    engine: Annotated[str, typer.Option(help="Only those of an engine.")] = "",
    outcome: Annotated[
        str,
        typer.Option(
            help="Only those that ended so: delivered, refused, declined, failed, cancelled, abandoned, lost, unknown."
        ),
    ] = "",
    only_open: Annotated[bool, typer.Option("--open", help="Only those that have not ended.")] = False,
    limit: Limit = 50,
    config: Config = None,
    data: Data = None,
    database: Database = None,
    json: Json = False,
) -> None:
    """Print the jobs that were bought at partners.

    Each with its task, how it ended and what it cost.

    `lost` and `unknown` are worth a look at the partner's own records: something may have been paid for nothing.
    """
    _must_be_an_outcome(outcome)
    found = _with_store(
        settings_from(config, data=data, database=database),
        lambda store: store.purchases(engine=engine, outcome=outcome, only_open=only_open, limit=limit),
    )
    if json:
        print_json([_record(each) for each in found])
        return
    print_table(
        ("Task", "Engine", "Bought", "State", "Cost", "Job there"),
        (
            (
                str(each.task),
                each.engine,
                moment(each.placed),
                each.outcome or each.state,
                "not known" if each.charged is None else dollars(each.charged),
                each.remote_id or "not known",
            )
            for each in found
        ),
        "There are no such purchases." if engine or outcome or only_open else "Nothing was bought.",
    )
    for each in found:
        if each.outcome in ("lost", "unknown"):
            say_of(f"Task {each.task}", each.note)


@app.command()
def ledger(
    limit: Limit = 50, config: Config = None, data: Data = None, database: Database = None, json: Json = False
) -> None:
    """Print what partners charged.

    These are the operator's own costs, apart from what projects pay.
    """
    lines = _with_store(
        settings_from(config, data=data, database=database), lambda store: store.operator_ledger(limit)
    )
    if json:
        print_json(lines)
        return
    print_table(
        ("Time", "Engine", "Task", "Project", "Amount", "For"),
        (
            (
                moment(line.at),
                line.engine,
                str(line.task),
                str(line.project),
                dollars(line.amount),
                line.note,
            )
            for line in lines
        ),
        "Partners have charged nothing.",
    )


def _must_be_an_outcome(given: str) -> None:
    """Raises `typer.BadParameter`: a slip must not look as if nothing had been lost."""
    from understudy.tasks.records import Outcome

    known = [each for each in get_args(Outcome) if each]
    if given and given not in known:
        raise typer.BadParameter(f"{given!r} is none of {', '.join(known)}", param_hint="--outcome")


def _record(purchase: "Purchase") -> dict[str, object]:
    """Without the address by which the partner may call."""
    import msgspec

    record: dict[str, object] = msgspec.to_builtins(purchase)
    del record["hook"]
    return record


def _with_store(settings: "Settings", work: "Callable[[Store], Awaitable[T]]") -> T:
    from understudy.stores import open_store

    return with_opened(open_store(settings), work)
