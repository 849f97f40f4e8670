"""`understudy cast`: who may play a model, in which order, and what becomes of its inputs with each."""

import logging
import sys
from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from understudy.cli.engines import cast_and_catalogue, makes, of_kind, say_of, today
from understudy.cli.options import Config, Data, Json, settings_from
from understudy.cli.output import print_json, print_table, say
from understudy.errors import NotFound

if TYPE_CHECKING:
    from understudy.catalogue.catalogue import Catalogue
    from understudy.catalogue.manifest import Model
    from understudy.engines.cast import Cast, Choice, Described
    from understudy.engines.engine import Engine, Treatment
    from understudy.tasks.purchases.verdicts import Failover

app = typer.Typer(help="Who may play which model.", no_args_is_help=True)

_ENGINES_PER_TABLE = 4
"""So many columns of treatments fit into 80 characters."""

_FAILOVER: "Mapping[Failover, str]" = {
    "unpaid": "If a remote one fails, the next plays if nothing was paid (failover: unpaid).",
    "always": "If a remote one fails, the next plays, paid or not (failover: always).",
    "never": "If a remote one fails, the task fails (failover: never).",
}

_ALONE = "If it fails, the task fails: nobody is cast after it."

log = logging.getLogger(__name__)


@app.callback()
def cast() -> None:
    """Commands about casts; with this there can be a single one."""


@app.command()
def show(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="The model: owner/slug, or an alias of it.")],
    config: Config = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Print who may play a model, in order.

    And who would play it now, and what each engine does with its inputs.
    """
    from understudy.tasks.purchases.verdicts import failover_of

    settings = settings_from(config, data=data)
    whole, catalogue = cast_and_catalogue(settings)
    found = _named(model, catalogue)
    failover = failover_of(found.address, settings.failover)
    rows = {row.name: row for row in whole.describe((found,))}
    engines = whole.of(found)
    parts = [(rows[engine.name], _treatments(whole, engine, found)) for engine in engines]
    choice = whole.choose(found)
    if json:
        print_json(_document(found, parts, choice, failover))
        return
    say(f"{found.address}{f' ends {_end(found.ends)}' if found.ends else ''}")
    _gap()
    _print_engines([row for row, _ in parts])
    _gap()
    playing = [(row.name, treats) for row, treats in parts if row.models]
    for start in range(0, len(playing), _ENGINES_PER_TABLE):
        _print_inputs(found, playing[start : start + _ENGINES_PER_TABLE])
    _gap()
    for name, treats in playing:
        for (how, note), inputs in _by_note(treats).items():
            say_of(name, f"{', '.join(inputs)} ({how}): {note}")
    say()
    say(_now(choice))
    if any(row.remote for row, _ in parts):
        say(_FAILOVER[failover] if len(parts) > 1 or failover == "never" else _ALONE)


def _named(name: str, catalogue: "Catalogue") -> "Model":
    found = catalogue.named(name)
    if found is None:
        known = ", ".join(model.address for model in catalogue.models)
        raise NotFound(f"There is no model {name}.", f"The models are: {known}.")
    return found


def _treatments(cast: "Cast", engine: "Engine", model: "Model") -> "tuple[Treatment, ...]":
    try:
        return tuple(engine.treats(model, cast.options(engine)))
    except Exception:
        log.exception("Engine %s did not say what it does with the inputs of %s", engine.name, model.address)
        return ()


def _print_engines(rows: "list[Described]") -> None:
    print_table(
        ("", "Engine", "Makes", "Available", "Ends"),
        (
            (
                str(place),
                row.name,
                makes(remote=row.remote, preview=row.preview),
                _available(row),
                _end(row.ends),
            )
            for place, row in enumerate(rows, 1)
        ),
        "No engine is cast for it: add it to [cast] in the settings file.",
    )
    for row in rows:
        for sentence in (of_kind(row), row.reason, row.remedy):
            if sentence:
                say_of(row.name, sentence)


def _print_inputs(model: "Model", playing: "list[tuple[str, tuple[Treatment, ...]]]") -> None:
    columns = [{treatment.input: treatment.how for treatment in treats} for _, treats in playing]
    print_table(
        ("Input", *(name for name, _ in playing)),
        ((id, *(column.get(id, "not said") for column in columns)) for id in model.input_ids),
        "It has no inputs.",
    )


def _by_note(treats: "tuple[Treatment, ...]") -> dict[tuple[str, str], list[str]]:
    """The inputs that the same is said of."""
    said: dict[tuple[str, str], list[str]] = {}
    for treatment in treats:
        if treatment.note:
            said.setdefault((treatment.how, treatment.note), []).append(treatment.input)
    return said


def _gap() -> None:
    """An empty line, where a table does not bring its own."""
    if not sys.stdout.isatty():
        say()


def _available(row: "Described") -> str:
    if not row.models:
        return "plays other models"
    return "yes" if row.available else "no"


def _end(ends: date | None) -> str:
    from understudy.engines.retirement import left

    return f"{ends}, {left(ends, today())}" if ends else ""


def _now(choice: "Choice") -> str:
    if choice.engine is None:
        return "Nobody can play it now."
    preview = ", as a preview" if choice.engine.preview else ""
    return f"{choice.engine.name} would play it now{preview}."


def _document(
    model: "Model",
    parts: "list[tuple[Described, tuple[Treatment, ...]]]",
    choice: "Choice",
    failover: "Failover",
) -> dict[str, Any]:
    return {
        "model": model.address,
        "ends": model.ends,
        "cast": [
            {
                "engine": row.name,
                "kind": row.kind or row.name,
                "version": row.version,
                "remote": row.remote,
                "preview": row.preview,
                "plays": bool(row.models),
                "available": row.available,
                "reason": row.reason,
                "remedy": row.remedy,
                "ends": row.ends,
                "inputs": treats,
            }
            for row, treats in parts
        ],
        "now": choice.engine.name if choice.engine else None,
        "tried": choice.tried,
        "failover": failover,
    }
