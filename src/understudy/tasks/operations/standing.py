"""What follows from everything that operators have decided, for the models and engines that there are. Pure."""

from collections.abc import Iterator, Sequence
from typing import TypeVar, get_args

import msgspec

from understudy.catalogue.catalogue import Catalogue
from understudy.catalogue.manifest import Model
from understudy.engines.cast import Cast
from understudy.errors import InvalidInput
from understudy.tasks.operations.price_list import PriceList, read_prices, with_prices
from understudy.tasks.operations.records import Decision, DecisionKind, Hold

T = TypeVar("T")

Key = tuple[DecisionKind, str]
"""A kind and a name."""


class Announced(msgspec.Struct, frozen=True):
    """What a model cost from a moment on."""

    since: float
    """Unix seconds."""
    prices: PriceList | None
    """None: what its manifest says."""


class Ignored(msgspec.Struct, frozen=True):
    """A decision that counts, and cannot be carried out (in full)."""

    decision: Decision
    why: str


class Standing(msgspec.Struct, kw_only=True):
    """What is to be carried out."""

    latest: dict[Key, Decision] = {}
    """What counts now; not what was taken back, nor what cannot be carried out."""
    offered: dict[str, bool] = {}
    """By address of a model, as the next two."""
    announced: dict[str, list[Announced]] = {}
    """In the order in which it was decided."""
    casting: dict[str, tuple[str, ...]] = {}
    held: dict[str, Hold] = {}
    """By name of an engine, as the next."""
    unloads: dict[str, int] = {}
    """The latest decision's id."""
    ignored: list[Ignored] = []

    def revised(self, catalogue: Catalogue) -> Iterator[Model]:
        """The models that are not as their manifests say."""
        for address in {**self.offered, **self.announced}:
            model = manifest_at(catalogue, address)
            assert model is not None
            announced = self.announced.get(address)
            revised = with_prices(model, announced[-1].prices) if announced else model
            revised = msgspec.structs.replace(revised, enabled=self.offered.get(address, model.enabled))
            if revised != model:
                yield revised


def standing(made: Sequence[Decision], catalogue: Catalogue, cast: Cast) -> Standing:
    """Read what was decided, the oldest first. Nothing is raised for what the settings have left behind."""
    found = Standing()
    latest = {(each.kind, each.name): each for each in made}
    for each in made:
        counts = latest[each.kind, each.name] is each
        # The earlier ones of other kinds have no effect any more.
        if each.kind != "prices" and not (counts and each.value):
            continue
        try:
            _read(each, found, catalogue, cast)
        except _OutOfDate as error:
            # What was to be unloaded from an engine that is gone, is.
            if counts and each.kind != "unload":
                found.ignored.append(Ignored(each, str(error)))
        else:
            if counts and each.value:
                found.latest[each.kind, each.name] = each
    return found


def manifest_at(catalogue: Catalogue, address: str) -> Model | None:
    """The model of a decision, as its manifest has it."""
    owner, _, slug = address.partition("/")
    return catalogue.manifest(owner, slug)


class _OutOfDate(Exception):
    """A decision names what there is no more, or was written by another version of this program."""


def _read(each: Decision, into: Standing, catalogue: Catalogue, cast: Cast) -> None:
    match each.kind:
        case "enabled":
            into.offered[_model(each, catalogue).address] = _decoded(each, bool)
        case "prices":
            model = _model(each, catalogue)
            announced = into.announced.setdefault(model.address, [])
            # What cannot be charged is not announced either: from then on it costs what the manifest says.
            announced.append(Announced(each.at, None))
            if each.value:
                announced[-1] = Announced(each.at, _prices(each, model))
        case "cast":
            address, names = _model(each, catalogue).address, _decoded(each, tuple[str, ...])
            known = tuple(name for name in names if cast.named(name))
            if names and not known:
                raise _OutOfDate("there are no such engines here")
            into.casting[address] = known
            if known != names:
                gone = ", ".join(name for name in names if name not in known)
                into.ignored.append(Ignored(each, f"there is no engine {gone} here; the others count"))
        case "hold":
            _engine(each, cast)
            if each.value not in get_args(Hold):
                raise _OutOfDate("this version does not know it")
            into.held[each.name] = each.value  # type: ignore[assignment]
        case "unload":
            _engine(each, cast)
            into.unloads[each.name] = each.id
        case _:
            raise _OutOfDate("this version does not know it")


def _model(each: Decision, catalogue: Catalogue) -> Model:
    model = manifest_at(catalogue, each.name)
    if model is None:
        raise _OutOfDate("there is no such model here")
    return model


def _engine(each: Decision, cast: Cast) -> None:
    if cast.named(each.name) is None:
        raise _OutOfDate("there is no such engine here")


def _prices(each: Decision, model: Model) -> PriceList:
    try:
        return read_prices(model, each.value)
    except InvalidInput as error:
        raise _OutOfDate(error.message) from error


def _decoded(each: Decision, type: type[T]) -> T:
    try:
        return msgspec.json.decode(each.value, type=type)
    except msgspec.DecodeError as error:
        raise _OutOfDate("this version cannot read it") from error
