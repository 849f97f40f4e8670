"""`understudy models`: what can be asked for. Works offline, on the manifests that a server with these settings loads."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from understudy.cli.options import Config, Json, settings_from
from understudy.cli.output import print_json, print_table, say
from understudy.errors import ConfigurationError, NotFound

if TYPE_CHECKING:
    from understudy.catalogue.manifest import Input, Model

app = typer.Typer(help="The models on offer.", no_args_is_help=True)

Address = Annotated[str, typer.Argument(metavar="OWNER/SLUG", help="The model's address.")]


@app.command("list")
def list_models(
    search: Annotated[str, typer.Option("--search", "-s", help="Only models with these words.")] = "",
    config: Config = None,
    json: Json = False,
) -> None:
    """Print the models."""
    from understudy.catalogue.loader import load_catalogue

    catalogue = load_catalogue(settings_from(config).manifests)
    _, found = catalogue.search(search, limit=len(catalogue.models))
    if json:
        print_json([_record(model) for model in found])
        return
    print_table(
        ("Model", "Description", "Categories"),
        ((model.address, model.description, ", ".join(model.categories)) for model in found),
        "There are no such models.",
    )


@app.command()
def show(model: Address, config: Config = None, json: Json = False) -> None:
    """Print one model and its inputs."""
    found = _find(model, config)
    if json:
        print_json({**_record(found), "inputs": list(found.inputs), "prices": list(found.prices)})
        return
    say(f"{found.printed_name}: {found.description}")
    print_table(
        ("Input", "Type", "Default", "Choices and bounds", "Help"),
        (
            (each.id + ("*" if each.required else ""), each.type, str(each.default), _bounds(each), each.help)
            for each in found.inputs
        ),
        "It has no inputs.",
    )
    say("* required")


@app.command()
def page(
    model: Address,
    url: Annotated[
        str,
        typer.Option(
            "--url", metavar="URL", help="The server's address, as the commands on the page name it."
        ),
    ] = "",
    config: Config = None,
    json: Json = False,
) -> None:
    """Print a model's page, as plain text.

    It has the inputs, and the commands that run it.
    """
    from understudy.catalogue.page import page as page_of

    found, settings = _find(model, config), settings_from(config, url=url or None)
    address = (settings.url or f"http://{settings.host}:{settings.port}").rstrip("/")
    text = page_of(found, api=address, files=address)
    if json:
        print_json({"model": found.address, "page": text})
    else:
        say(text.rstrip("\n"))


@app.command()
def check(
    path: Annotated[
        Path,
        typer.Argument(metavar="FILE|DIR", help="A manifest, or a folder laid out as <owner>/<slug>.toml."),
    ],
    json: Json = False,
) -> None:
    """Check manifests before a server loads them.

    Every one that is wrong is named with the reason.
    """
    from understudy.catalogue.loader import load_catalogue, read_model

    if not path.exists():
        raise ConfigurationError(f"{path}: there is no such file or folder.")
    base = path if path.is_dir() else path.absolute().parent.parent
    samples = {*load_catalogue().samples, *(each.name for each in (base / "samples").glob("*"))}
    files = sorted(path.glob("*/*.toml")) if path.is_dir() else [path]
    if not files:
        raise ConfigurationError(f"{path}: there are no manifests in it (<owner>/<slug>.toml).")
    good: list[str] = []
    bad: list[str] = []
    for file in files:
        try:
            good.append(read_model(file.absolute(), samples.__contains__).address)
        except ConfigurationError as error:
            bad.append(error.message)
    if json:
        print_json({"good": good, "bad": bad})
    else:
        for address in good:
            say(f"{address}: good")
        for problem in bad:
            say(problem)
    raise typer.Exit(1 if bad else 0)


def _find(address: str, config: Path | None) -> "Model":
    from understudy.catalogue.loader import load_catalogue

    owner, _, slug = address.partition("/")
    catalogue = load_catalogue(settings_from(config).manifests)
    found = catalogue.find(owner, slug)
    if found is None:
        known = ", ".join(model.address for model in catalogue.models)
        raise NotFound(f"There is no model {address}.", f"The models are: {known}.")
    return found


def _record(model: "Model") -> dict[str, Any]:
    return {
        "address": model.address,
        "name": model.printed_name,
        "description": model.description,
        "categories": list(model.categories),
        "tags": list(model.tags),
        "enabled": model.enabled,
    }


def _bounds(each: "Input") -> str:
    if each.options:
        return ", ".join(option.value for option in each.options)
    if each.is_file:
        return f"up to {each.max_files} files" if each.max_files > 1 else "one file"
    bounds = [
        f"from {each.min}" if each.min is not None else "",
        f"to {each.max}" if each.max is not None else "",
    ]
    return " ".join(filter(None, bounds))
