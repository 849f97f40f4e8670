"""`understudy weights`: the files that engines of one's own need: what they are, whether they are here, getting them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from understudy.cli.options import Config, Data, Json, settings_from
from understudy.cli.output import note, print_json, print_table, say, size
from understudy.errors import ConfigurationError, EngineUnavailable

if TYPE_CHECKING:
    from understudy.config import Settings
    from understudy.engines.ovi.config import OviConfig
    from understudy.engines.ovi.weights.sources import Source

app = typer.Typer(help="The weights of engines that run here.", no_args_is_help=True)

Folder = Annotated[
    Path | None,
    typer.Option(
        "--folder",
        metavar="DIR",
        help="Where the weights lie; otherwise `weights` in [engine.ovi], or weights/ovi in the data folder.",
        show_default=False,
    ),
]
Variants = Annotated[
    list[str] | None,
    typer.Option(
        "--variant", metavar="NAME", help="Only this variant; may be given again.", show_default=False
    ),
]


@app.command("list")
def list_weights(folder: Folder = None, config: Config = None, data: Data = None, json: Json = False) -> None:
    """Print the files of every variant, and which are here.

    Each with its source and its licence.
    """
    from understudy.engines.ovi.config import config_of
    from understudy.engines.ovi.weights.layout import located
    from understudy.engines.ovi.weights.sources import notices

    where = _folder(folder, settings_from(config, data=data))
    found = _by_file(config_of(where))
    here = {name: located(where, source) for name, (source, _) in found.items()}
    restrictions = notices(source for source, _ in found.values())
    if json:
        files = [_record(source, variants, here[name]) for name, (source, variants) in found.items()]
        print_json({"folder": where, "files": files, "licences": restrictions})
        return
    print_table(
        ("File", "Here", "Size", "From", "Licence", "Variants"),
        (
            (
                name,
                "no" if (path := here[name]) is None else "converted" if path != where / name else "yes",
                size(path.stat().st_size if path else source.size),
                source.repository.name,
                source.repository.licence,
                "all" if len(variants) > 1 else variants[0],
            )
            for name, (source, variants) in found.items()
        ),
        "",
    )
    say(f"The folder is {where}")
    for sentence in restrictions:
        say(sentence)


@app.command()
def check(
    variant: Variants = None,
    hashes: Annotated[
        bool,
        typer.Option("--hashes", help="Also read every file whole and compare its SHA-256: takes minutes."),
    ] = False,
    folder: Folder = None,
    config: Config = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Check that weights are complete and right.

    They are not loaded. Without --variant: of all that are here and of the one that the settings name.
    """
    _must_have_torch()
    from understudy.engines.ovi.config import config_of
    from understudy.engines.ovi.weights.check import check as check_files
    from understudy.engines.ovi.weights.layout import remedy

    settings = settings_from(config, data=data)
    where = _folder(folder, settings)
    played = str(settings.engine.get("ovi", {}).get("variant", ""))
    variants = variant or _present(where, config_of(where), played)
    found = check_files(where, *variants, hashes=hashes, progress=(lambda _: None) if json else note)
    if json:
        print_json({"folder": where, "variants": variants, "problems": found})
    else:
        for problem in found:
            say(f"{problem.file}: {problem.message}")
        if any(problem.missing for problem in found):
            say(remedy(variants[0]))
        if not found:
            say(f"{', '.join(variants)}: good")
    raise typer.Exit(1 if found else 0)


@app.command()
def pull(
    engine: Annotated[Literal["ovi"], typer.Argument(metavar="ENGINE", help="Whose weights: ovi.")],
    variant: Variants = None,
    revision: Annotated[
        list[str] | None,
        typer.Option(
            "--revision",
            metavar="OWNER/NAME=REVISION",
            help="Branch, tag or commit of a repository, main otherwise; may be given again.",
            show_default=False,
        ),
    ] = None,
    folder: Folder = None,
    config: Config = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Download what is missing of a variant's weights.

    That is 720x720_5s by default. It goes on where it was stopped.
    """
    from understudy.cli.transfers import transfers
    from understudy.engines.ovi.config import DEFAULT_VARIANT
    from understudy.engines.ovi.weights.hub import hub_of_user
    from understudy.engines.ovi.weights.pull import missing_files
    from understudy.engines.ovi.weights.pull import pull as pull_files
    from understudy.engines.ovi.weights.sources import notices

    where = _folder(folder, settings_from(config, data=data))
    sources = missing_files(where, variant or [DEFAULT_VARIANT])
    if sources:
        for sentence in notices(sources):
            note(sentence)
        note(f"{len(sources)} files, about {size(sum(each.size for each in sources))}, into {where}")
        try:
            with hub_of_user() as hub, transfers(quiet=json) as shown:
                pull_files(where, sources, hub, revisions=_revisions(revision or []), progress=shown.hear)
        except KeyboardInterrupt:
            note("Stopped. The same command goes on where it stopped.")
            raise typer.Exit(130) from None
    if json:
        print_json({"folder": where, "downloaded": [each.here for each in sources]})
    elif sources:
        say(f"Downloaded. `understudy weights check` looks at what is in {where}")
    else:
        say(f"Nothing is missing in {where}")


@app.command()
def convert(folder: Folder = None, config: Config = None, data: Data = None, json: Json = False) -> None:
    """Write downloaded pickles as safetensors, which load faster.

    The originals stay.
    """
    _must_have_torch()
    from understudy.engines.ovi.weights.convert import convert as convert_files

    where = _folder(folder, settings_from(config, data=data))
    written = convert_files(where, progress=(lambda _: None) if json else note)
    if json:
        print_json({"folder": where, "written": [path.relative_to(where) for path in written]})
        return
    for path in written:
        say(f"Wrote {path} ({size(path.stat().st_size)})")
    if not written:
        say(f"Nothing is to be converted in {where}")


def _folder(folder: Path | None, settings: "Settings") -> Path:
    from understudy.engines.ovi.weights.layout import weights_folder

    return folder or weights_folder(settings.engine.get("ovi", {}), settings.data)


def _by_file(config: "OviConfig") -> "dict[str, tuple[Source, list[str]]]":
    """Every file once, with the variants that need it."""
    from understudy.engines.ovi.weights.sources import sources_of

    found: dict[str, tuple[Source, list[str]]] = {}
    for variant in config.variants:
        for source in sources_of(config, variant):
            found.setdefault(source.here, (source, []))[1].append(variant)
    # What all need comes last, as the transformers are what one chooses between.
    return dict(sorted(found.items(), key=lambda item: item[1][0].part != "transformer"))


def _record(source: "Source", variants: list[str], path: Path | None) -> dict[str, object]:
    return {
        "file": source.here,
        "part": source.part,
        "present": path is not None,
        "path": path,
        "size": path.stat().st_size if path else source.size,
        "repository": source.repository.name,
        "repository_path": source.path,
        "licence": source.repository.licence,
        "commercial": source.repository.commercial,
        "variants": variants,
    }


def _present(folder: Path, config: "OviConfig", played: str) -> list[str]:
    """The variants whose transformer is here, and the one that is `played`; if there is none, the first one."""
    from understudy.engines.ovi.weights.sources import sources_of

    names = list(config.variants)
    wanted = [
        name for name in names if name == played or (folder / sources_of(config, name)[0].here).is_file()
    ]
    return wanted or names[:1]


def _revisions(pairs: list[str]) -> dict[str, str]:
    wrong = [pair for pair in pairs if not all(pair.partition("="))]
    if wrong:
        raise ConfigurationError(f"--revision {wrong[0]}: write it as OWNER/NAME=REVISION.")
    return {name: revision for name, _, revision in (pair.partition("=") for pair in pairs)}


def _must_have_torch() -> None:
    from importlib.util import find_spec

    absent = [name for name in ("torch", "safetensors") if find_spec(name) is None]
    if absent:
        raise EngineUnavailable(
            f"This needs {' and '.join(absent)}: install Understudy with its extra `ovi`, understudy[ovi]."
        )
